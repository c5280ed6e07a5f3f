"""Seconds of a dataset in windows: what a network that hears seconds in their context is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectral_transcoder.third_octave import LOWER_FREQUENCIES, N_BANDS, UPPER_FREQUENCIES
from spectral_transcoder.training.augmentation import SMALLEST_POWER, microphone_responses, of_slower_meters
from spectral_transcoder.transcoders.tagger import WINDOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd

__all__ = ["Microphones", "in_windows", "runs_of_seconds", "unheard_bands", "window_rows"]

CUTS = (1, 2, 5, 10)
"""Seconds that windows are cut to in training, each as often: recordings and blocks are not all as long."""

LOST_DB = 100.0
"""More than what networks tell apart in a window."""


def runs_of_seconds(files: NDArray[np.integer], n_seconds: int = WINDOW_SECONDS) -> list[NDArray[np.integer]]:
    """Row numbers of successive seconds of one recording, as many at a time as there are up to `n_seconds`.

    Parameters
    ----------
    files : (n_rows,)
        number of the recording of each second; those of a recording are neighbours.
    """
    rows = np.split(np.arange(len(files)), np.flatnonzero(np.diff(files)) + 1)
    return [of_file[start : start + n_seconds] for of_file in rows for start in range(0, len(of_file), n_seconds)]


def window_rows(files: NDArray[np.integer], n_seconds: int = WINDOW_SECONDS) -> NDArray[np.integer]:
    """Row numbers of whole windows, (n_windows, n_seconds); what is left over of a recording is left out."""
    whole = [rows for rows in runs_of_seconds(files, n_seconds) if len(rows) == n_seconds]
    return np.stack(whole) if whole else np.empty((0, n_seconds), np.intp)


def in_windows(split: Mapping[str, torch.Tensor], rows: NDArray[np.integer]) -> dict[str, torch.Tensor]:
    """Rows of a split, some at a time: (n_rows, …) → (n_windows, n_seconds, …)."""
    return {name: tensor[torch.from_numpy(rows)] for name, tensor in split.items()}


@cache
def unheard_bands(front_end: MelFrontEnd) -> tuple[int, int]:
    """How many of the lowest and of the highest third octaves lie where no Mel band of a teacher has any weight."""
    n_fft = 2 * front_end.sample_rate
    weights = front_end.filterbank(sample_rate=front_end.sample_rate, n_fft=n_fft)
    heard = np.flatnonzero(weights.any(axis=1)) * (front_end.sample_rate / n_fft)
    return int((heard[0] >= UPPER_FREQUENCIES).sum()), int((heard[-1] <= LOWER_FREQUENCIES).sum())


@dataclass(frozen=True)
class Microphones:
    """Windows as other microphones and slower meters would have heard them, by PyTorch's global random numbers.

    What sounds there does not change with it, nor do the teacher's scores by much. Nor do they by what is above or
    below all its Mel bands. There a recording of 22.05 kHz has nothing, another has rumble or a filter; a network that
    has never met such takes them for other sounds.
    """

    front_end: MelFrontEnd
    """Of the teacher."""

    gain_db: float = 15.0
    """Most that windows become louder or softer by."""

    colour_db: float = 4.0
    """Standard deviation of the microphones' responses."""

    unheard_share: float = 0.5
    """Of the windows have other levels in some of the lowest bands that the teacher does not hear, and as many of them
    nothing in some of the highest ones."""

    slow_share: float = 0.25
    """Of the windows have levels as slower meters give them, two or all frames of each second as one."""

    def __call__(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """A batch's `third_octave` (batch, n_seconds, n_frames, 29) and what is shaped as `scores`, cut.

        `scores` are (batch, n_seconds, n_labels).
        """
        n_windows, n_there = batch["third_octave"].shape[:2]
        n_seconds = min(n_there, CUTS[int(torch.randint(len(CUTS), ()))])
        start = int(torch.randint(n_there - n_seconds + 1, ()))
        cut = {name: tensor[:, start : start + n_seconds] for name, tensor in batch.items()}
        responses = microphone_responses(n_windows, gain_db=self.gain_db, colour_db=self.colour_db)
        responses = responses + self._of_unheard_bands(n_windows)
        levels = cut["third_octave"] + responses.to(cut["third_octave"])[:, None, None]
        power = of_slower_meters(10 ** (levels.float() / 10), self.slow_share)
        cut["third_octave"] = 10 * power.clamp(min=SMALLEST_POWER).log10()
        return cut

    def _of_unheard_bands(self, n_windows: int) -> torch.Tensor:
        """Responses that differ where the teacher hears nothing, (n_windows, 29) in dB."""
        n_low, n_high = unheard_bands(self.front_end)
        filtered, cut = (self._outermost(n_unheard, n_windows) for n_unheard in (n_low, n_high))
        return -LOST_DB * (torch.rand(n_windows, 1) * filtered + cut.flip(1))

    def _outermost(self, n_unheard: int, n_windows: int) -> torch.Tensor:
        """1 for the first bands of each window, at most those that are unheard, and 0 for others, (n_windows, 29)."""
        n_changed = (n_unheard * torch.rand(n_windows, 1)).ceil()
        return (torch.arange(N_BANDS) < n_changed * (torch.rand(n_windows, 1) < self.unheard_share)).float()
