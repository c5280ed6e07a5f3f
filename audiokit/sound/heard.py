"""What the samples of a recording show while it is decoded: silence, quiet, and channels that cancel each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Heard"]

CANCELLING = 0.1
"""Channels cancel where their sum has less than this share of the power that it would have if they were unrelated."""

CANCELLING_IN_PART = 0.5
"""Below this share that is told: of two channels, the mean is 6 dB and more below them."""

COMPARED_RUN = 512
COMPARED_RUNS = 32
"""So many stretches of so many samples of a block tell how channels go together: all of it would take half as long as
decoding."""

NOISE_STEPS = 1.5
"""Steps of its numbers that a recording's own rounding and dither reach from its middle."""

QUIET_PEAK = 1e-3
"""Of full scale: what is below it is told, for much else than the sound may be amplified with it."""


@dataclass
class Heard:
    """What decoding a file has shown: gathered while its blocks come."""

    channel: int | None = None
    """The only one that is taken; None: their mean."""

    n_frames: int = 0
    sample_rate: int = 0
    """Hz, of the file."""

    lowest: float = np.inf
    highest: float = -np.inf
    step: float = 0.0
    """Least difference between samples, of full scale."""

    n_compared: int = 0
    """Samples that the sums of the channels are taken over."""

    sums: NDArray[np.float64] | float = 0.0
    """(n_channels,)"""

    products: NDArray[np.float64] | float = 0.0
    """(n_channels, n_channels)"""

    notes: list[str] = field(default_factory=list)
    """On the file: what is missing, or how it was read."""

    def add(self, block: NDArray[np.float32], mono: NDArray[np.float32]) -> None:
        """Take in a block, (n, n_channels), and what it became, (n,)."""
        self.n_frames += len(mono)
        self.lowest = min(self.lowest, float(mono.min()))
        self.highest = max(self.highest, float(mono.max()))
        if block.shape[1] > 1 and self.channel is None:
            some = _sample_of(block)
            self.n_compared += some.shape[1]
            self.products = self.products + some @ some.T
            self.sums = self.sums + some.sum(axis=1)

    @property
    def peak(self) -> float:
        """Largest magnitude at the rate of the file."""
        return max(self.highest, -self.lowest)

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing but one value, or the noise of the file's own rounding."""
        return (self.highest - self.lowest) / 2 <= NOISE_STEPS * self.step

    @property
    def loudest_of_cancelling(self) -> int | None:
        """The channel to take where the channels cancel each other; None where they do not."""
        power, powers = self._powers()
        return int(powers.argmax()) if power < CANCELLING * powers.sum() else None

    @property
    def lost_db(self) -> float:
        """How far the mean of the channels is below them where they cancel each other in part, dB; else 0."""
        power, powers = self._powers()
        if power >= CANCELLING_IN_PART * powers.sum():
            return 0.0
        return 10 * np.log10(powers.sum() * len(powers) / power)

    def _powers(self) -> tuple[float, NDArray[np.float64]]:
        """Power of the channels' sum, and of each; equal where there is one, or nothing but noise of rounding."""
        if not np.ndim(self.products):
            return 1.0, np.ones(1)
        covariance = self.products - np.outer(self.sums, self.sums) / self.n_compared
        powers = np.diag(covariance)
        if powers.max() / self.n_compared <= (NOISE_STEPS * self.step) ** 2:
            return 1.0, np.ones(1)
        return covariance.sum(), powers

    def all_notes(self) -> list[str]:
        """With those on what was heard."""
        notes = list(self.notes)
        if self.channel is not None:
            notes.append(f"its channels cancel each other: channel {self.channel + 1} alone is used")
        elif self.lost_db:
            notes.append(f"its channels cancel each other in part: their mean is {self.lost_db:.0f} dB below them")
        if self.is_silent and self.highest == self.lowest:
            notes.append("it is silent: all of its samples are the same")
        elif self.is_silent:
            notes.append("it is silent: there is only the noise of its own rounding")
        elif self.peak < QUIET_PEAK:
            notes.append(f"its peak is {20 * np.log10(self.peak):.0f} dB re full scale: noise is amplified with it")
        return notes


def _sample_of(block: NDArray[np.float32]) -> NDArray[np.float64]:
    """Some evenly spaced stretches of a block, (n, n_channels) → (n_channels, fewer); all of a short one."""
    n_runs = len(block) // COMPARED_RUN
    if n_runs > COMPARED_RUNS:
        runs = block[: n_runs * COMPARED_RUN].reshape(n_runs, COMPARED_RUN, -1)
        block = runs[:: n_runs // COMPARED_RUNS].reshape(-1, block.shape[1])
    return np.ascontiguousarray(block.T, np.float64)
