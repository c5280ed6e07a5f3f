"""Frames of another length to frames of 125 ms, by energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Resampler", "mean_over"]

ROUNDING = 1e-6
"""Of a frame: less overlap is none."""


def mean_over(energy: NDArray[np.float64], *, step: float, starts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean energy over intervals of successive frames, each of which has one energy throughout.

    Parameters
    ----------
    energy : (n, n_bands)
        of frames 0, 1, 2 …, each one long; NaN where unknown.
    step
        length of an interval, frames.
    starts : (m,)
        beginnings of the intervals, frames; each lies within the n frames as a whole.

    Returns
    -------
    (m, n_bands); NaN where an interval touches an unknown frame
    """
    total = np.zeros((len(starts), energy.shape[1]))
    first = np.floor(starts + ROUNDING).astype(np.int64)
    for offset in range(int(np.ceil(step)) + 1):
        index = first + offset
        overlap = np.minimum(index + 1, starts + step) - np.maximum(index, starts)
        touched = overlap > ROUNDING
        total[touched] += overlap[touched, None] * energy[index[touched]]
    return total / step


class Resampler:
    """Makes frames of `target` seconds from successive ones of `cadence` seconds; what is left over waits for more.

    A gap between times ends a run of frames: the next one starts with its own first frame, and what is left of the one
    before makes no frame.
    """

    def __init__(self, cadence: float, target: float) -> None:
        self.cadence = cadence
        self.step = target / cadence
        self.levels = np.empty((0, N_BANDS))
        self.times = np.empty(0)
        self.done = 0.0
        """Where the next frame begins, in frames that are held."""

    def add(
        self, levels: NDArray[np.floating], times: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Take in successive frames, (n, 29) dB with rising times (n,); gives those that are ready, and their times."""
        if not len(times):
            return np.empty((0, N_BANDS), np.float32), np.empty(0)
        before = self.times[-1] if len(self.times) else times[0]
        is_new = np.rint(np.diff(times, prepend=before) / self.cadence) > 1
        made = []
        for part in np.split(np.arange(len(times)), np.flatnonzero(is_new)):
            if len(part) and is_new[part[0]]:
                self.levels, self.times, self.done = np.empty((0, N_BANDS)), np.empty(0), 0.0
            made.append(self._run(levels[part], times[part]))
        return np.concatenate([each for each, _ in made]), np.concatenate([each for _, each in made])

    def _run(
        self, levels: NDArray[np.floating], times: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        self.levels = np.concatenate([self.levels, levels])
        self.times = np.concatenate([self.times, times])
        n_ready = max(0, int((len(self.times) - self.done) / self.step + ROUNDING))
        starts = self.done + self.step * np.arange(n_ready)
        with np.errstate(divide="ignore"):
            made = 10 * np.log10(mean_over(10 ** (self.levels / 10), step=self.step, starts=starts))
        first = np.floor(starts + ROUNDING).astype(np.int64)
        stamps = self.times[first] + (starts - first) * self.cadence
        done = self.done + self.step * n_ready
        dropped = min(int(done + ROUNDING), len(self.times) - 1)
        self.levels, self.times, self.done = self.levels[dropped:], self.times[dropped:], done - dropped
        return made.astype(np.float32), stamps
