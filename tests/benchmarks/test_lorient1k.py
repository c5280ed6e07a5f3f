"""Presence on annotated clips: thresholds by the share of time, probabilities, and the table of one command."""

import lorient1k
import numpy as np
import pytest
from audio_fixtures import save_yamnet
from sensors.clips import WAYS, blocks_of_clips, durations, read_clips
from sensors.measures import choose_threshold, interval
from sensors.probabilities import brier_scores, brier_table

from audiokit.errors import UserError
from spectral_transcoder.sensor.presence import thresholds, unheard

N_CLIPS = 6


@pytest.fixture
def clips_file(tmp_path):
    """Six clips of 24 s of noise, in which what is loud is traffic."""
    random = np.random.default_rng(1)
    loud = random.random((N_CLIPS, 24)) < np.linspace(0.1, 0.9, N_CLIPS)[:, None]
    fast = (40 + 3 * random.standard_normal((N_CLIPS, 192, 29)) + 20 * loud.repeat(8, axis=1)[..., None]).astype("f4")
    others = random.integers(0, 2, (N_CLIPS, 24, 2))
    seconds = np.concatenate([loud[..., None], others], axis=2).astype(np.uint8)
    path = tmp_path / "clips.npz"
    slow = fast.reshape(N_CLIPS, 24, 8, 29).mean(axis=2)
    np.savez(
        path, fast_125ms=fast, slow_1s=slow, presence_per_second=seconds, time_of_presence=seconds.mean(axis=1)
    )  # fmt: skip
    return path


def test_blocks_come_as_they_are():
    assert list(durations(43, 10)) == [10, 10, 10, 10, 3]


def test_a_threshold_is_reached_for_as_much_of_the_time_as_the_source_is_there():
    random = np.random.default_rng(0)
    scores = random.random(400)
    present = np.clip(scores + 0.2 * random.standard_normal(400), 0, 1)
    found = choose_threshold(scores, present, np.full(400, 10))
    assert (scores >= found.score).mean() == pytest.approx(present.mean(), abs=0.01)
    assert found.probability(scores).mean() == pytest.approx(present.mean(), abs=0.01)


def test_a_score_that_falls_where_the_source_is_has_no_probability():
    scores = np.linspace(0.01, 1, 100)
    assert np.isnan(choose_threshold(scores, 1 - scores, np.full(100, 10)).slope)


def test_probabilities_of_other_clips_are_judged_by_their_squared_error(clips_file):
    clips = read_clips(clips_file)
    present, _ = blocks_of_clips(clips)
    scores = np.exp(4 * present + 0.1 * np.random.default_rng(0).standard_normal(present.shape))
    scores[:, :, 2] = np.random.default_rng(1).random(present.shape[:2])
    found = brier_scores(scores, clips)
    least = (clips.seconds.mean(axis=(0, 1)) * (1 - clips.seconds.mean(axis=(0, 1))))[:2]
    for way in ("logistic", "isotonic"):
        assert all(np.array(found[way][:2]) < found["share of time"][:2]), way
    assert found["share of time"][:2] == pytest.approx(least, abs=0.06)
    # What has nothing to do with the source is told by steps with more confidence than it deserves.
    assert found["isotonic"][2] > found["share of time"][2]
    assert "| a | " in brier_table({"a": found})


def test_the_interval_holds_the_value():
    values = np.arange(15.0)
    middle, low, high = interval(values, values + np.random.default_rng(0).standard_normal(15))
    assert 0.8 < low < middle < high <= 1


def test_ways_of_meters_keep_energy(clips_file):
    clips = read_clips(clips_file)
    for way in WAYS:
        levels, hop_seconds = WAYS[way](clips)
        assert levels.shape == (N_CLIPS, round(24 / hop_seconds), 29)
    np.testing.assert_allclose(WAYS["62.5 ms"](clips)[0], clips.fast, atol=1e-4)
    np.testing.assert_allclose(WAYS["A-weighted"](clips)[0], clips.fast, atol=0.051)
    pairs = (10 ** (clips.fast / 10)).reshape(N_CLIPS, 96, 2, 29).mean(axis=2)
    np.testing.assert_allclose(10 ** (WAYS["250 ms"](clips)[0][:, ::2] / 10), pairs, rtol=1e-3)


def test_what_is_no_file_of_clips_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", levels=np.zeros(3))
    with pytest.raises(UserError, match="is no file of clips"):
        read_clips(tmp_path / "a.npz")


def test_one_command_gives_the_table_and_writes_what_is_shipped(tmp_path, clips_file, monkeypatch, capsys):
    models = save_yamnet(tmp_path / "models")
    for module, name in ((thresholds, "CHOSEN"), (unheard, "MEASURED")):
        copy = tmp_path / getattr(module, name).name
        copy.write_bytes(getattr(module, name).read_bytes())
        monkeypatch.setattr(module, name, copy)
    arguments = [str(clips_file), "--teachers", "YamNet", "--transcoders", "pinv", "--models", str(models)]
    assert lorient1k.main([*arguments, "--ways", "125 ms", "1 s", "--write"]) == 0
    printed = capsys.readouterr().out
    assert "| published: PANN on the sound † | 0.73 | 0.95 | 0.78 |" in printed
    of_presence, of_probabilities = printed.split("| Brier score |")
    for table in (of_presence, of_probabilities):
        titles = [line.split("|")[1].strip() for line in table.splitlines() if "YamNet" in line]
        assert titles == ["YamNet, pinv, 125 ms", "YamNet, pinv, 1 s"]
    written = (tmp_path / "thresholds.csv").read_text()
    assert written.count("YamNet,pinv,fast,") == written.count("YamNet,pinv,slow,") == 3
    assert written.count("mn04_as,tcn,fast,") == 3
