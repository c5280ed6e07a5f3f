"""Seconds of a dataset in windows: what a network that hears seconds in their context is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectral_transcoder.training.augmentation import microphone_responses
from spectral_transcoder.transcoders.tagger import WINDOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Microphones", "in_windows", "runs_of_seconds", "window_rows"]

CUTS = (1, 2, 5, 10)
"""Seconds that windows are cut to in training, each as often: recordings and blocks are not all as long."""


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


@dataclass(frozen=True)
class Microphones:
    """Windows as other microphones would have heard them, by PyTorch's global random numbers.

    What sounds there does not change with it, nor do the teacher's scores by much.
    """

    gain_db: float = 15.0
    """Most that windows become louder or softer by."""

    colour_db: float = 4.0
    """Standard deviation of the microphones' responses."""

    def __call__(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """A batch's `third_octave` (batch, n_seconds, n_frames, 29) and `scores` (batch, n_seconds, n_labels), cut."""
        n_windows, n_there = batch["third_octave"].shape[:2]
        n_seconds = min(n_there, CUTS[int(torch.randint(len(CUTS), ()))])
        start = int(torch.randint(n_there - n_seconds + 1, ()))
        cut = {name: tensor[:, start : start + n_seconds] for name, tensor in batch.items()}
        responses = microphone_responses(n_windows, gain_db=self.gain_db, colour_db=self.colour_db)
        cut["third_octave"] = cut["third_octave"] + responses.to(cut["third_octave"])[:, None, None]
        return cut
