"""The demo measures on recordings that it has not trained with."""

import numpy as np
import pytest
import soundfile

import demo
from audiokit.sound.audio import write_wav


def test_each_recording_is_in_one_split_and_those_on_pages_are_measured_on():
    assert sorted(sum(demo.SPLITS.values(), ())) == sorted(demo.RECORDINGS)
    assert set(demo.SHOWN) < set(demo.SPLITS["eval"])


def test_excerpts_follow_one_another_and_stay_in_the_split_of_their_recording(tmp_path, monkeypatch):
    sound = np.linspace(0, 1, 11 * 32000, dtype=np.float32)
    with write_wav(tmp_path / "street.wav", 32000) as file:
        file.write(sound)
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    folder = demo.cut(dict.fromkeys(demo.RECORDINGS, tmp_path / "street.wav"))
    assert {path.stem for path in folder.glob("eval/*")} == {
        f"{name}-{n}" for name in demo.SPLITS["eval"] for n in (0, 1)
    }
    excerpts = [soundfile.read(folder / "valid" / f"CT109-{number}.wav")[0] for number in (0, 1)]
    assert np.concatenate(excerpts) == pytest.approx(sound[: 10 * 32000], abs=1e-6)
