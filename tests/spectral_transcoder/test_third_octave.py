"""Third-octave levels: the original's numbers, and what tones, noise and silence must read."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from spectral_transcoder.third_octave import (
    CENTRE_FREQUENCIES,
    FAST,
    LOWER_FREQUENCIES,
    N_BANDS,
    NOMINAL_FREQUENCIES,
    SAMPLE_RATE,
    SLOW,
    UPPER_FREQUENCIES,
    band_matrix,
    n_frames,
    third_octave,
    tukey_window,
)

IEC = replace(FAST, bank="iec")
FULL_SCALE_TONE = 26 - 3.0103  # dB
WHOLE_FRAMES = 7 * FAST.hop_length + FAST.frame_length  # eight frames without any padding


def tone(frequency, n_samples):
    return torch.sin(2 * torch.pi * frequency / SAMPLE_RATE * torch.arange(n_samples, dtype=torch.float64))


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# The original's numbers


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 5e-5)])
def test_levels_are_those_of_the_original(recording, dtype, tolerance):
    levels = third_octave(recording["wav32"].reshape(-1, SAMPLE_RATE).to(dtype))
    assert levels.dtype == dtype
    assert_close(levels.double(), recording["tho_db"], rtol=0, atol=tolerance)


def test_levels_without_calibration_are_the_rms_of_the_original(recording):
    levels = third_octave(recording["wav32"].reshape(-1, SAMPLE_RATE).double(), calibration_db=0)
    assert_close(10 ** (levels / 20), recording["tho_rms"], rtol=1e-10, atol=0)


def test_bands_sum_the_bins_of_the_sensors(golden):
    first, last = golden("constants")["tho_edges_inclusive"].T.numpy()
    bins = np.arange(FAST.frame_length // 2 + 1)
    expected = (bins >= first[:, None]) & (bins <= last[:, None])
    np.testing.assert_array_equal(band_matrix(FAST), expected)


def test_window_is_that_of_the_sensors(golden):
    constants = golden("constants")
    window = torch.from_numpy(tukey_window(FAST.frame_length))
    assert_close(window, constants["tukey_window"], rtol=0, atol=1e-15)
    assert_close(window.square().mean() ** -0.5, constants["tukey_energy_correction"], rtol=1e-15, atol=0)


# Bands


def test_each_centre_is_within_two_percent_of_its_nominal_frequency():
    assert np.abs(CENTRE_FREQUENCIES / NOMINAL_FREQUENCIES - 1).max() < 0.02


def test_bands_touch_and_span_a_third_of_an_octave():
    np.testing.assert_allclose(UPPER_FREQUENCIES[:-1], LOWER_FREQUENCIES[1:], rtol=1e-12)
    np.testing.assert_allclose(UPPER_FREQUENCIES / LOWER_FREQUENCIES, 10**0.1, rtol=1e-12)


@pytest.mark.parametrize("spec", [IEC, replace(SLOW, bank="iec")], ids=["fast", "slow"])
def test_iec_bands_share_out_each_bin_exactly_once(spec):
    shares = band_matrix(spec)
    np.testing.assert_allclose(shares.sum(axis=1) * spec.bin_width, UPPER_FREQUENCIES - LOWER_FREQUENCIES, rtol=1e-12)
    total = shares.sum(axis=0)
    frequencies = np.arange(len(total)) * spec.bin_width
    inside = (frequencies - spec.bin_width / 2 >= LOWER_FREQUENCIES[0]) & (
        frequencies + spec.bin_width / 2 <= UPPER_FREQUENCIES[-1]
    )
    np.testing.assert_allclose(total[inside], 1, rtol=1e-9)
    assert total.max() < 1 + 1e-9


def test_unknown_banks_are_refused():
    with pytest.raises(ValueError, match="'dolby'"):
        band_matrix(replace(FAST, bank="dolby"))


# Tones


@pytest.mark.parametrize("spec", [FAST, IEC], ids=["cense", "iec"])
@pytest.mark.parametrize("band", np.flatnonzero(CENTRE_FREQUENCIES >= 300))
def test_a_full_scale_tone_reads_23_db_in_its_band_and_little_elsewhere(band, spec):
    levels = third_octave(tone(CENTRE_FREQUENCIES[band], WHOLE_FRAMES), spec=spec)
    others = np.delete(np.arange(N_BANDS), band)
    assert_close(levels[:, band], torch.full((8,), FULL_SCALE_TONE, dtype=torch.float64), rtol=0, atol=0.1)
    assert levels[:, others].max() < FULL_SCALE_TONE - 20


@pytest.mark.parametrize("band", [3, 10, 17, 28])
def test_slow_levels_read_a_full_scale_tone_right_from_40_hz_up(band):
    levels = third_octave(tone(CENTRE_FREQUENCIES[band], SLOW.frame_length), spec=SLOW)
    assert_close(levels[0, band].item(), FULL_SCALE_TONE, rtol=0, atol=0.1)
    assert levels[0].argmax() == band


# Noise


@pytest.mark.parametrize(("spec", "first_band"), [(FAST, 21), (IEC, 0)], ids=["cense above 2 kHz", "iec everywhere"])
def test_bands_of_white_noise_hold_energy_in_proportion_to_their_width(spec, first_band):
    levels = third_octave(noise(300 * SAMPLE_RATE).float(), spec=spec, calibration_db=0).double()
    measured = (10 ** (levels / 10)).mean(dim=0).log10() * 10
    expected = 10 * np.log10((UPPER_FREQUENCIES - LOWER_FREQUENCIES) / (SAMPLE_RATE / 2))
    assert_close(measured[first_band:], torch.from_numpy(expected[first_band:]), rtol=0, atol=0.3)


def test_single_precision_reads_noise_like_double_precision():
    waveform = noise(WHOLE_FRAMES)
    assert_close(third_octave(waveform.float()).double(), third_octave(waveform.float().double()), rtol=0, atol=5e-5)


# Invariants


@given(gain_db=st.floats(-100, 40))
def test_a_gain_adds_its_decibels(gain_db):
    waveform = noise(WHOLE_FRAMES)
    louder = third_octave(waveform * 10 ** (gain_db / 20))
    assert_close(louder, third_octave(waveform) + gain_db, rtol=0, atol=1e-9)


def test_a_shift_by_one_hop_shifts_the_levels_by_one_frame():
    waveform = noise(WHOLE_FRAMES)
    shifted = third_octave(waveform[FAST.hop_length :])
    assert_close(shifted, third_octave(waveform)[1:], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("calibration_db", "expected"), [(26, -154), (0, -180)])
def test_silence_has_a_floor(calibration_db, expected):
    levels = third_octave(torch.zeros(SAMPLE_RATE), calibration_db=calibration_db)
    assert_close(levels, torch.full((8, N_BANDS), float(expected)))


def test_silence_in_one_frame_leaves_the_others_as_they_are():
    waveform = noise(WHOLE_FRAMES)
    levels = third_octave(torch.cat([torch.zeros(5 * FAST.hop_length), waveform]))
    assert_close(levels[:4], torch.full((4, N_BANDS), -154.0, dtype=torch.float64))
    assert_close(levels[5:], third_octave(waveform), rtol=0, atol=1e-9)


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_broken_samples_do_not_pass_for_silence(broken):
    waveform = noise(WHOLE_FRAMES)
    waveform[5000] = broken  # in the second frame only
    levels = third_octave(waveform)
    assert not levels[1].isfinite().any()
    assert levels[[0, 2]].isfinite().all()


def test_a_batch_is_transformed_like_its_members():
    batch = noise(2, 3, WHOLE_FRAMES)
    levels = third_octave(batch)
    for i, j in np.ndindex(2, 3):
        assert_close(levels[i, j], third_octave(batch[i, j]), rtol=0, atol=1e-9)


def test_a_batch_of_none_gives_none():
    assert third_octave(torch.zeros(0, SAMPLE_RATE)).shape == (0, 8, N_BANDS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_give_arrays_with_the_numbers_that_tensors_give(dtype):
    waveform = noise(WHOLE_FRAMES).numpy().astype(dtype)
    before = waveform.copy()
    levels = third_octave(waveform)
    assert isinstance(levels, np.ndarray)
    assert levels.dtype == dtype
    np.testing.assert_array_equal(levels, third_octave(torch.from_numpy(waveform)).numpy())
    np.testing.assert_array_equal(waveform, before)


@pytest.mark.parametrize("waveform", [np.zeros(9000, np.int16), torch.zeros(9000, dtype=torch.float16)])
def test_waveforms_that_are_not_in_float_are_refused(waveform):
    with pytest.raises(TypeError, match="float32 or float64"):
        third_octave(waveform)


# Frames


@pytest.mark.parametrize(
    ("n_samples", "expected"),
    [(0, 0), (1, 0), (96, 0), (97, 1), (4096, 1), (4097, 2), (8096, 2), (16000, 4), (32000, 8), (32001, 8),
     (32096, 8), (32097, 9), (320000, 80)],
)  # fmt: skip
def test_frames_are_counted_like_the_sensors(n_samples, expected):
    assert n_frames(n_samples) == expected
    assert third_octave(torch.ones(n_samples)).shape == (expected, N_BANDS)


def test_ten_seconds_give_ten_slow_frames():
    assert n_frames(320000, SLOW) == 10
    assert third_octave(noise(320000), spec=SLOW).shape == (10, N_BANDS)


@given(n_samples=st.integers(0, 3 * SLOW.hop_length), spec=st.sampled_from([FAST, SLOW, IEC]))
def test_the_count_of_frames_is_kept(n_samples, spec):
    assert third_octave(torch.ones(n_samples), spec=spec).shape == (n_frames(n_samples, spec), N_BANDS)


def test_the_last_frame_is_filled_with_zeros():
    waveform = noise(SAMPLE_RATE)
    padded = torch.cat([waveform, torch.zeros(WHOLE_FRAMES - SAMPLE_RATE)])
    assert_close(third_octave(waveform), third_octave(padded), rtol=0, atol=1e-9)
