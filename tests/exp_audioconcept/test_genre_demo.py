"""The demo: excerpts of recordings, a head that is tested on others, and pages of what it has not heard."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from genre_fixtures import GENRES
from recipe import fill

from audiokit.files import stamp
from exp_audioconcept import demo, explain
from exp_audioconcept.classifiers.loading import load_model
from exp_audioconcept.classifiers.testing import HEARD
from yamnet.network import YAMNet


@pytest.fixture
def recordings(tmp_path):
    """Three of each kind, of 11 s, at another rate than the demo's."""
    paths = {}
    for kind, make in GENRES.items():
        (tmp_path / "recordings" / kind).mkdir(parents=True)
        for number in range(3):
            path = tmp_path / "recordings" / kind / f"{kind}{number}.wav"
            soundfile.write(path, make(11, np.random.default_rng(number)), 22050)
            paths[f"{kind}/{kind}{number}"] = path
    return paths


def test_every_recording_has_a_checksum_and_every_kind_enough_for_three_parts():
    kinds = tomllib.loads(demo.SOUNDS.read_text())
    assert sum(map(len, kinds.values())) == 29
    assert min(map(len, kinds.values())) >= 3
    assert all(
        checksum.startswith("sha256:") and len(checksum) == 71 for own in kinds.values() for checksum in own.values()
    )


def test_excerpts_are_spread_over_a_recording_from_its_begin_to_its_end(tmp_path, recordings):
    songs, table = demo.cut(recordings, tmp_path)
    first, last = (soundfile.read(songs / "hum" / f"hum0-{number}.wav")[0] for number in (0, 2))
    assert len(first) == len(last) == 10 * demo.SAMPLE_RATE
    np.testing.assert_allclose(first[demo.SAMPLE_RATE :], last[: -demo.SAMPLE_RATE], atol=1e-6)
    assert table.read_text().splitlines()[:2] == ["filename,piece", "hiss/hiss0-0.wav,hiss/hiss0"]


def test_excerpts_that_are_there_stay_as_they_are(tmp_path, recordings):
    songs, _ = demo.cut(recordings, tmp_path)
    before = {path: stamp(path) for path in songs.glob("*/*.wav")}
    (songs / "hum" / "hum0-1.wav").unlink()
    assert demo.cut(recordings, tmp_path)[0] == songs
    assert [path.name for path in before if stamp(path) != before[path]] == ["hum0-1.wav"]


def test_the_demo_explains_what_the_head_has_not_heard(tmp_path, recordings, monkeypatch, capsys):
    (tmp_path / "yamnet").mkdir()
    torch.save(fill(YAMNet()).state_dict(), tmp_path / "yamnet" / "yamnet.pth")
    monkeypatch.setattr(demo, "fetch_sounds", lambda folder: recordings)
    for name in ("MODELS", "FIGURES", "REPORTS"):
        monkeypatch.setattr(demo, name, tmp_path / name.lower())
    asked = []
    monkeypatch.setattr(explain, "main", lambda arguments: asked.append(explain.parse(arguments)) or 0)
    assert demo.main(["--output", str(tmp_path / "demo"), "--teachers", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "no songs and their kinds no genres" in told
    assert "on 9 songs that were not heard" in told
    heard = load_model(asked[0].model_path, teachers=tmp_path).settings[HEARD]
    shown = [Path(file) for file in asked[0].files]
    assert sorted(path.parent.name for path in shown) == sorted(GENRES)
    assert not {f"{path.parent.name}/{path.name}" for path in shown} & set(heard)
