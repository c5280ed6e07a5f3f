"""Augmentation changes what it says and nothing else; unknown labels stay unknown in mixtures."""

import numpy as np
import pytest
import torch
from audio_fixtures import tone
from hypothesis import given
from hypothesis import strategies as st

from audiokit.errors import UserError
from exp_lumen.data.mixing import Mixing, draw_partners, join_labels
from exp_lumen.training import waveform_augmentation as waveforms
from exp_lumen.training.augmentation import AUGMENTATIONS, PictureAugmentation, create_augmentation

RATE = 16000
WAVES = torch.from_numpy(np.stack([tone(1, start=0.2, stop=0.8, frequency=f, rate=RATE) for f in (300, 800, 1500)]))


def peak_hz(wave):
    return np.abs(np.fft.rfft(wave)).argmax(axis=-1) * RATE / wave.shape[-1]


def batch(n_items=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    targets = torch.eye(11)[torch.arange(n_items) % 11]
    return {
        "sound": torch.randn(n_items, 800, generator=generator),
        "targets": targets,
        "known": (torch.rand(n_items, 11, generator=generator) < 0.7).float().maximum(targets),
    }


@given(st.floats(0.8, 1.25))
def test_stretching_keeps_the_pitch(factor):
    stretched = waveforms.stretch(WAVES, factor)
    assert stretched.shape[1] == pytest.approx(RATE / factor, rel=0.03)
    np.testing.assert_allclose(peak_hz(stretched.numpy()), [300, 800, 1500], rtol=0.02)


def test_pitch_moves_by_up_to_two_semitones_and_all_by_the_same_interval():
    torch.manual_seed(1)
    for _ in range(5):
        ratios = peak_hz(waveforms.shift_pitch(WAVES).numpy()) / np.array([300, 800, 1500])
        assert ratios.std() < 0.01
        assert 2 ** (-2.2 / 12) < ratios.mean() < 2 ** (2.2 / 12)


def test_time_shift_loses_nothing():
    shifted = waveforms.shift_time(WAVES)
    np.testing.assert_array_equal(np.sort(shifted, axis=1), np.sort(WAVES, axis=1))


def test_gaps_are_at_most_30_per_cent_and_leave_the_given_sound_as_it_is():
    waves = torch.ones(200, 1000)
    masked = waveforms.mask_time(waves)
    shares = (masked == 0).float().mean(dim=1)
    assert shares.max() <= 0.3 and shares.mean() > 0.1
    assert waves.all()


def test_coloured_noise_is_3_to_25_db_below_the_sound():
    waves = torch.randn(50, 4000)
    added = waveforms.add_coloured_noise(waves) - waves
    below = 20 * torch.log10(waves.square().mean(1).sqrt() / added.square().mean(1).sqrt())
    assert below.min() > 2.9 and below.max() < 25.1 and below.std() > 3


def test_background_noise_is_a_part_of_the_recordings_given():
    noises = torch.cat([torch.ones(1, 5000), 2 * torch.ones(1, 5000)])
    added = waveforms.BackgroundNoise(noises)(torch.randn(20, 1000)) - 0
    assert torch.isfinite(added).all() and added.shape == (20, 1000)


def test_loudness_is_brought_to_minus_12_db_and_silence_stays_silent():
    waves = torch.stack([torch.randn(1000), torch.zeros(1000)])
    level = waveforms.normalise_loudness(waves).square().mean(dim=1).sqrt()
    torch.testing.assert_close(level, torch.tensor([10 ** (-12 / 20), 0.0]))


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_a_step_is_done_as_often_as_asked(probability):
    changed = waveforms.with_probability(waveforms.invert_polarity, WAVES, probability)
    torch.testing.assert_close(changed, -WAVES if probability else WAVES)


@given(st.integers(2, 12), st.integers(1, 4), st.integers(0, 100))
def test_partners_bring_another_instrument_where_there_is_one(n_items, count, seed):
    torch.manual_seed(seed)
    targets = (torch.rand(n_items, 11) < 0.2).float()
    partners = draw_partners(targets, count)
    assert (partners[:, 0] == torch.arange(n_items)).all()
    brings = (targets[None] > targets[:, None]).any(dim=2)
    for item in range(n_items):
        wanted = min(count - 1, int(brings[item].sum()))
        assert brings[item, partners[item, 1 : 1 + wanted]].all()
        assert len(set(partners[item].tolist())) == min(count, n_items)


def test_labels_of_a_mixture_are_those_of_all_parts():
    targets = torch.zeros(1, 2, 11)
    known = torch.ones(1, 2, 11)
    targets[0, 0, 3] = targets[0, 1, 7] = 1
    known[0, 0, 5] = 0  # unknown in one part
    known[0, 0, 7] = 0  # unknown in one part, and there in the other
    joined, is_known = join_labels(targets, known)
    assert joined[0].nonzero().flatten().tolist() == [3, 7]
    assert (is_known[0] == 0).nonzero().flatten().tolist() == [5]


def test_a_sum_is_the_mean_of_its_parts():
    given_batch = batch(2)
    mixed = Mixing(n_sum=2, probability=1.0)(given_batch)
    torch.testing.assert_close(mixed["sound"][0], given_batch["sound"].mean(dim=0))
    assert mixed["targets"].sum() == 4


def test_a_concatenation_has_a_part_of_each():
    given_batch = batch(2)
    sound = Mixing(n_concat=2, probability=1.0)(given_batch)["sound"]
    torch.testing.assert_close(sound[0], torch.cat([given_batch["sound"][0, :400], given_batch["sound"][1, 400:]]))


def test_without_mixing_a_batch_is_as_it_was():
    given_batch = batch()
    for name, values in Mixing()(given_batch).items():
        torch.testing.assert_close(values, given_batch[name])


@pytest.mark.parametrize(("step", "most"), [("RANDOM_PIXELS", 0.31), ("FREQ_MASK", 30 / 64), ("RANDOM_ERASE", 0.21)])
def test_pictures_lose_no_more_than_they_should(step, most):
    torch.manual_seed(0)
    pictures = PictureAugmentation([step], 1.0)(torch.ones(300, 1, 64, 80))
    shares = (pictures == 0).float().mean(dim=(1, 2, 3))
    assert shares.mean() > 0.02 and shares.max() < most + 0.04


def test_all_names_of_the_original_are_known_and_others_refused():
    options = {"probability": 1.0, "n_sum": 2, "n_concat": 2}
    torch.manual_seed(0)
    steps, pictures = create_augmentation(AUGMENTATIONS, noises=torch.randn(2, 9000), **options)
    changed = steps({**batch(), "sound": torch.randn(6, 8000)})
    assert changed["sound"].shape == (6, 8000) and torch.isfinite(changed["sound"]).all()
    assert pictures.steps == ["RANDOM_PIXELS", "FREQ_MASK", "RANDOM_ERASE"]
    with pytest.raises(UserError, match="no augmentation 'REVERSE'"):
        create_augmentation(["REVERSE"], noises=None, **options)
    with pytest.raises(UserError, match="needs recordings of noise"):
        create_augmentation(["BACKGROUND_NOISE"], noises=None, **options)
