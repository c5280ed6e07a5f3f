"""The seconds of a recording at several rates are those that loading it at each rate gives."""

import numpy as np
import pytest
from audio_fixtures import noise, scene, write

from audiokit.errors import UserError
from audiokit.sound import audio
from audiokit.sound.audio import load
from spectral_transcoder.datasets import recording_seconds
from spectral_transcoder.datasets.recording_seconds import RecordingSeconds

RATES = (32000, 16000)


def blocks(path, rate, *, n_seconds=10, limit=1000):
    return list(RecordingSeconds(path, own_rate=rate, sample_rates=RATES).blocks(n_seconds, limit=limit))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000])
def test_they_are_bit_for_bit_what_loading_the_whole_recording_gives(tmp_path, rate):
    stereo = np.stack([0.3 * scene(2.3, rate, seed=seed) for seed in (1, 2)], axis=1)
    path = write(tmp_path / "a.wav", stereo, rate, subtype="PCM_24")
    ((start, waveforms),) = blocks(path, rate)
    assert start == 0
    for sample_rate in RATES:
        expected = load(path, sample_rate=sample_rate)[: 2 * sample_rate].reshape(2, -1)
        np.testing.assert_array_equal(waveforms[sample_rate], expected)


def test_the_peak_is_that_of_the_whole_recording_at_each_rate(tmp_path):
    sound = np.concatenate([0.1 * scene(2), scene(0.5)])
    ((_, waveforms),) = blocks(write(tmp_path / "a.wav", sound), 32000)
    assert np.abs(waveforms[32000]).max() < 0.5
    assert np.abs(waveforms[32000]).max() != np.abs(waveforms[16000]).max()


@pytest.mark.parametrize("n_seconds", [1, 2, 3])
def test_blocks_join_to_the_whole(tmp_path, n_seconds):
    path = write(tmp_path / "a.wav", noise(5 * 8000 + 7), 8000)
    ((_, whole),) = blocks(path, 8000)
    pieces = blocks(path, 8000, n_seconds=n_seconds)
    assert [start for start, _ in pieces] == list(range(0, 5, n_seconds))
    for rate in RATES:
        np.testing.assert_array_equal(np.concatenate([waveforms[rate] for _, waveforms in pieces]), whole[rate])


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_no_more_seconds_come_than_wished(tmp_path, limit):
    path = write(tmp_path / "a.wav", noise(4 * 16000), 16000)
    assert sum(len(waveforms[16000]) for _, waveforms in blocks(path, 16000, n_seconds=2, limit=limit)) == limit


@pytest.mark.parametrize(
    ("rate", "n_samples", "n_seconds"), [(44100, 44099, 0), (44100, 44100, 1), (96000, 191999, 1), (96000, 192000, 2)]
)
def test_whole_seconds_are_those_of_the_file(tmp_path, rate, n_samples, n_seconds):
    path = write(tmp_path / "a.wav", noise(n_samples), rate)
    assert RecordingSeconds(path, own_rate=rate, sample_rates=RATES).n_seconds == n_seconds


@pytest.mark.parametrize("rate", [8000, 32000, 44100, 48000])
def test_long_recordings_give_the_same_without_being_loaded_whole(tmp_path, monkeypatch, rate):
    path = write(tmp_path / "a.wav", scene(2.7, rate), rate)
    ((_, expected),) = blocks(path, rate)
    monkeypatch.setattr(recording_seconds, "LONG_SAMPLES", 1000)
    monkeypatch.setattr(audio, "IN_MEMORY_BYTES", 1000)
    monkeypatch.setattr(audio, "BLOCK_SAMPLES", 4321)
    ((_, waveforms),) = blocks(path, rate)
    for sample_rate in RATES:
        np.testing.assert_array_equal(waveforms[sample_rate], expected[sample_rate])


def test_what_is_no_sound_is_refused(tmp_path):
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(UserError, match=r"a\.wav"):
        blocks(tmp_path / "a.wav", 44100)
