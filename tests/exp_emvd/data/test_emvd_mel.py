"""What the networks see of singing is what the original's torchaudio makes of it."""

import json

import numpy as np
import pytest
import soundfile
import torch
from audio_fixtures import noise, write
from hypothesis import given, settings
from hypothesis import strategies as st

from exp_emvd.data import mel
from exp_emvd.data.mel import FRONT_END, chunk_times, cut, n_chunks, singing_chunks


@pytest.fixture(scope="module")
def emvd_golden(shared):
    return json.loads((shared / "specs" / "golden_emvd.json").read_text())


def plain_mels(waveform):
    """The front end in NumPy and double precision, as the original's documentation has it, (n_frames, 128)."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    padded = np.pad(waveform.astype(np.float64), 512)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 1024)[::256]
    power = np.abs(np.fft.rfft(frames * window)) ** 2 / np.sum(window**2)
    linear, logarithmic = 1000 * 3 / 200, np.log(6.4) / 27
    highest = linear + np.log(8) / logarithmic
    mels = np.linspace(20 * 3 / 200, highest, 130)
    edges = np.where(mels < linear, mels * 200 / 3, 1000 * np.exp((mels - linear) * logarithmic))
    bins = np.arange(513) * 48000 / 1024
    bank = np.zeros((513, 128))
    for band, (low, middle, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        triangle = np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle))
        bank[:, band] = np.maximum(0, triangle) * 2 / (high - low)
    return np.maximum(0, (10 * np.log10(power @ bank + 1e-10) + 100) / 100)


def test_mels_of_real_singing_are_those_of_the_original(shared, emvd_golden):
    for name, expected in emvd_golden["mel_frontend_examples"]["files"].items():
        path = shared / "data" / "emvd" / name
        chunks = singing_chunks(path)
        n_samples = soundfile.info(path).frames
        assert len(chunks) == expected["chunks"] == n_chunks(n_samples, 48000)
        assert FRONT_END.n_frames(n_samples) == expected["frames"]
        for place, value in expected["pts"].items():
            band, frame = map(int, place.split(","))
            assert chunks[frame // 192, band, frame % 192] == pytest.approx(value, abs=2e-4)
        by_band = chunks.mean(axis=(0, 2)).reshape(8, 16).mean(axis=1)
        np.testing.assert_allclose(by_band, expected["band_means_8"], atol=1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-7), (torch.float32, 1e-4)])
def test_mels_are_those_of_a_plain_computation(dtype, tolerance):
    waveform = noise(48000 * 2 + 77)
    mels = FRONT_END(torch.from_numpy(waveform).to(dtype))
    np.testing.assert_allclose(mels, plain_mels(waveform), atol=tolerance)


def test_silence_is_nought_and_a_full_tone_stays_below_two():
    assert (FRONT_END(torch.zeros(5000)) == 0).all()
    tone = torch.sin(2 * torch.pi * 440 * torch.arange(48000) / 48000)
    assert 1 < FRONT_END(tone).max() < 1.2


def test_the_scale_can_be_undone():
    power = torch.logspace(-9, 2, 50, dtype=torch.float64)
    torch.testing.assert_close(FRONT_END.expand(FRONT_END.compress(power)), power)


@given(st.integers(1, 48000 * 3))
def test_chunks_are_counted_as_the_original_counts_them(n_samples):
    assert n_chunks(n_samples, 48000) == (1 + n_samples // 256) // 192


def test_chunks_lie_side_by_side_and_the_rest_is_dropped():
    log_mel = torch.arange(2 * 192 + 5).repeat(128, 1).T
    chunks = cut(log_mel)
    assert chunks.shape == (2, 128, 192)
    assert chunks[1, 7, 0] == 192
    np.testing.assert_allclose(chunk_times(2), [[0, 1.024], [1.024, 2.048]])


@settings(max_examples=10)
@given(st.integers(48000 * 3, 48000 * 6))
def test_chunks_are_the_same_whatever_the_pieces(tmp_path_factory, n_samples):
    path = write(tmp_path_factory.mktemp("sound") / "a.wav", noise(n_samples), 48000)
    whole = singing_chunks(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mel, "BLOCK_CHUNKS", 2)
        np.testing.assert_allclose(singing_chunks(path), whole, atol=1e-5)


@pytest.mark.parametrize(("n_samples", "n"), [(191 * 256 - 1, 0), (191 * 256, 1), (1, 0)])
def test_a_short_recording_gives_no_chunk(tmp_path, n_samples, n):
    path = write(tmp_path / "a.wav", noise(n_samples), 48000)
    assert singing_chunks(path).shape == (n, 128, 192)


def test_recordings_of_other_rates_and_stereo_are_taken(tmp_path):
    path = write(tmp_path / "a.wav", np.stack([noise(44100 * 2)] * 2, axis=1), 44100)
    assert len(singing_chunks(path)) == n_chunks(44100 * 2, 44100) == 1


def test_all_chunks_of_the_data_set_are_counted_by_its_durations(shared, emvd_golden):
    from exp_emvd.data.folds import read_folds
    from exp_emvd.data.metadata import read_files

    emvd = shared / "data" / "emvd"
    files = read_files(emvd / "metadata_files.csv")
    folds = read_folds(files, emvd / "split_kfolds.csv")
    counts = (files["duration(s)"] * 48000).round().astype(int).map(lambda n: n_chunks(n, 48000))
    for split, expected in emvd_golden["chunk_counts"].items():
        assert {part: counts[folds[split] == part].sum() for part in expected} == expected
