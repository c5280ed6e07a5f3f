"""PINV: the original's numbers, and the long chain of which it is the short form."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from efficientat.mel import EfficientatMel
from pann.mel import FRONT_END as PANN
from spectral_transcoder.pinv import Pinv, pinv_matrix
from spectral_transcoder.third_octave import FAST, band_matrix, third_octave
from yamnet.mel import FRONT_END as YAMNET

FRONT_ENDS = {"PANN": PANN, "YamNet": YAMNET, "EfficientAT": EfficientatMel()}
each_front_end = pytest.mark.parametrize("front_end", FRONT_ENDS.values(), ids=FRONT_ENDS)


def levels(*shape, seed=0):
    """From 40 to 80 dB, float64."""
    return 40 + 40 * torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# The original's numbers


# The spread is that of float32: the original's and ours round differently.
@pytest.mark.parametrize(("front_end", "key", "tolerance"), [(PANN, "pinv_pann", 1e-4), (YAMNET, "pinv_yamnet", 3e-5)])
def test_mels_are_those_of_the_original(recording, front_end, key, tolerance):
    mel = Pinv(front_end)(recording["tho_db"].float())
    assert_close(mel, recording[key], rtol=0, atol=tolerance)


@pytest.mark.parametrize(("front_end", "name"), [(PANN, "pann"), (YAMNET, "yamnet")], ids=["PANN", "YamNet"])
def test_the_matrix_folds_the_constants_of_the_original(golden, front_end, name):
    constants = golden("constants")
    bands_to_bins = constants["pinv_relu"].double()
    bins_to_mels = constants[f"mel_{name}_4096" if name == "pann" else "mel_yamnet_4096_32k"].double()
    level_to_energy = (4096 * 2**0.5 / 2) ** 2
    expected = bands_to_bins.T @ bins_to_mels * constants[f"energy_scale_{name}"] * level_to_energy
    # The pseudo-inverse is computed in float32, whose last digits depend on the machine.
    assert_close(pinv_matrix(front_end), expected, rtol=1e-5, atol=1e-5 * expected.max().item())


def test_a_clean_pseudo_inverse_would_change_next_to_nothing(recording, golden):
    clean = torch.linalg.pinv(torch.from_numpy(band_matrix(FAST))).relu()
    pinv = Pinv(PANN)
    mel = pinv(recording["tho_db"].float())
    bins = golden("constants")["mel_pann_4096"].double()
    scale = golden("constants")["energy_scale_pann"] * (4096 * 2**0.5 / 2) ** 2
    pinv.matrix = (clean.T @ bins * scale).float()
    assert_close(pinv(recording["tho_db"].float()), mel, rtol=0, atol=6e-3)


# The chain, step by step


def chain(front_end, third_octave_db):
    """Linear Mel power of one second: section 3.1 of the paper, one step after the other."""
    bands = torch.from_numpy(band_matrix(FAST)).float()
    spread = torch.linalg.pinv(bands, rcond=1e-15).relu().double()  # (2049, 29)
    rms = 10 ** ((third_octave_db - 26) / 20)
    energy = (rms * 4096 * 2**0.5 / 2) ** 2
    energy = energy * ((1 + front_end.n_fft / 2) / (1 + 4096 / 2) * 0.5) ** 2
    power = (energy @ spread.T).numpy()  # (n_frames, 2049)
    response = front_end.response(4096)
    power = power if response is None else power * response.square().numpy()
    n_in, n_out = len(power), front_end.chunk_frames
    position = (np.arange(n_out) + 0.5) * n_in / n_out - 0.5
    power = np.stack([np.interp(position, np.arange(n_in), one_bin) for one_bin in power.T], axis=1)
    return torch.from_numpy(power @ front_end.filterbank(sample_rate=32000, n_fft=4096))


@each_front_end
@pytest.mark.parametrize("n_frames", [1, 2, 8, 150])
def test_the_short_form_gives_what_the_chain_gives(front_end, n_frames):
    third_octave_db = levels(n_frames, 29)
    mel = front_end.expand(Pinv(front_end)(third_octave_db[None])[0])
    assert_close(mel, chain(front_end, third_octave_db), rtol=1e-6, atol=0)


# Invariants


@each_front_end
def test_silence_gives_the_floor_of_the_teacher(front_end):
    silence = third_octave(torch.zeros(32000))[None]
    floor = front_end(torch.zeros(front_end.sample_rate)).min()
    mel = Pinv(front_end)(silence)
    assert_close(mel, torch.full_like(mel, floor.item()), rtol=0, atol=1e-5)


@each_front_end
def test_what_was_added_to_the_levels_does_not_matter_once_it_is_told(front_end):
    third_octave_db = levels(2, 8, 29)
    mel = Pinv(front_end)(third_octave_db)
    for offset in (-26, 94):
        recalibrated = Pinv(front_end, calibration_db=26 + offset)(third_octave_db + offset)
        assert_close(recalibrated, mel, rtol=0, atol=1e-9)


@given(n_in=st.integers(1, 90), n_out=st.integers(1, 1100))
def test_steady_levels_give_the_same_mel_in_each_of_any_number_of_frames(n_in, n_out):
    steady = levels(29)
    mel = Pinv(PANN, n_frames=n_out)(steady.expand(1, n_in, 29))
    expected = Pinv(PANN, n_frames=1)(steady.expand(1, 1, 29))
    assert_close(mel, expected.expand(1, n_out, 64), rtol=0, atol=1e-9)


@each_front_end
def test_twenty_decibels_more_are_a_hundred_times_the_power(front_end):
    third_octave_db = levels(1, 8, 29)
    pinv = Pinv(front_end)
    louder = front_end.expand(pinv(third_octave_db + 20))
    assert_close(louder, 100 * front_end.expand(pinv(third_octave_db)), rtol=1e-6, atol=1e-12)


@each_front_end
def test_a_batch_gives_the_mels_of_its_members(front_end):
    batch = levels(3, 8, 29)
    pinv = Pinv(front_end)
    singles = torch.cat([pinv(one[None]) for one in batch])
    assert_close(pinv(batch), singles, rtol=0, atol=1e-9)


def test_a_band_is_heard_around_its_own_frequency():
    bank = PANN.filterbank(sample_rate=32000, n_fft=4096)
    for band in range(12, 29):
        third_octave_db = torch.full((1, 8, 29), -100.0)
        third_octave_db[:, :, band] = 60
        loudest = Pinv(PANN)(third_octave_db)[0, 50].argmax()
        bins = np.flatnonzero(band_matrix(FAST)[band])
        assert bank[bins, loudest].any()


def test_there_is_nothing_to_train_and_nothing_in_the_checkpoint():
    pinv = Pinv(PANN)
    assert not list(pinv.parameters())
    assert not pinv.state_dict()
