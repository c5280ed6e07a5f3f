"""Sounds changed in ways that leave their genre alone, as the original changes what networks learn from.

Steps of audiomentations where it has them; the echo is ours (it has none), as a filter and not a loop over samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Augmentation = Callable[[NDArray[np.float32], int], NDArray[np.float32]]

__all__ = ["augmentation", "echo", "random_echo"]

ECHO_CHANCE = 0.3
DELAY_S = (0.05, 0.2)
FEEDBACK = (0.1, 0.4)
MIX = (0.2, 0.5)


def augmentation(sample_rate: int) -> Augmentation:
    """The original's chain: polarity, noise, gain, filter, echo, stretch; called with (n_samples,) and a seed.

    Raises
    ------
    UserError
        where audiomentations is not installed.
    """
    try:
        import audiomentations as steps
    except ImportError as error:
        raise UserError(
            "augmentation needs audiomentations: pip install --no-deps audiomentations numpy-minmax numpy-rms "
            "python-stretch, or take --no_augmentation"
        ) from error
    noisy = steps.Compose(
        [
            steps.PolarityInversion(p=0.5),
            steps.AddGaussianSNR(min_snr_db=15, max_snr_db=35, p=0.6),
            steps.Gain(min_gain_db=-4, max_gain_db=4, p=0.4),
            steps.OneOf(
                [
                    steps.HighPassFilter(50, 1000, min_rolloff=24, max_rolloff=24),
                    steps.LowPassFilter(2000, 8000, min_rolloff=24, max_rolloff=24),
                ],
                p=0.5,
            ),
        ]
    )
    stretch = steps.TimeStretch(0.9, 1.1, leave_length_unchanged=True, p=0.2)

    def augment(waveform: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
        import random

        random.seed(seed)  # audiomentations draws from the global ones
        np.random.seed(seed % 2**32)  # noqa: NPY002
        changed = noisy(waveform, sample_rate)
        changed = random_echo(changed, sample_rate, np.random.default_rng(seed))
        return stretch(changed, sample_rate).astype(np.float32)

    return augment


def random_echo(waveform: NDArray[np.float32], sample_rate: int, random: np.random.Generator) -> NDArray[np.float32]:
    """An echo of 50 to 200 ms in three of ten cases."""
    if random.random() >= ECHO_CHANCE:
        return waveform
    delay = int(random.uniform(*DELAY_S) * sample_rate)
    return echo(waveform, delay=delay, feedback=random.uniform(*FEEDBACK), mix=random.uniform(*MIX))


def echo(waveform: NDArray[np.float32], *, delay: int, feedback: float, mix: float) -> NDArray[np.float32]:
    """A sound with its echoes.

    Parameters
    ----------
    waveform : (n_samples,)
    delay
        of each echo after the one before it, samples.
    feedback
        how loud an echo is by the one before it.
    mix
        share of the sound with echoes in the result; the rest is the sound alone.
    """
    echoing = np.array(waveform, np.float64)
    for start in range(delay, len(echoing), delay):
        stop = min(start + delay, len(echoing))
        echoing[start:stop] += feedback * echoing[start - delay : start - delay + stop - start]
    return ((1 - mix) * waveform + mix * echoing).astype(np.float32)
