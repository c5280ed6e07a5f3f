"""Changed sounds: the same for the same seed, as long as before, and the echo as its recursion has it."""

import numpy as np
import pytest

from exp_audioconcept.songs.augmentation import augmentation, echo


def test_the_echo_is_the_recursion_of_the_original():
    sound = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    expected = sound.astype(np.float64)
    for n in range(70, 1000):
        expected[n] += 0.3 * expected[n - 70]
    expected = 0.6 * sound + 0.4 * expected
    np.testing.assert_allclose(echo(sound, delay=70, feedback=0.3, mix=0.4), expected, atol=1e-6)


def test_an_echo_beyond_the_end_changes_nothing():
    sound = np.ones(10, np.float32)
    np.testing.assert_allclose(echo(sound, delay=10, feedback=0.4, mix=0.5), sound)


def test_a_seed_gives_one_sound_and_another_seed_another():
    pytest.importorskip("audiomentations")
    augment = augmentation(22050)
    sound = (0.1 * np.random.default_rng(0).standard_normal(22050)).astype(np.float32)
    changed = [augment(sound, seed) for seed in range(12)]
    np.testing.assert_array_equal(augment(sound, 3), changed[3])
    assert all(one.shape == sound.shape and one.dtype == np.float32 for one in changed)
    assert len({one.tobytes() for one in changed}) > 6
