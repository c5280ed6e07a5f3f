"""Mean and spread of the samples that a network is trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.errors import UserError
from exp_samplecnn.data.clips import TRAIN

if TYPE_CHECKING:
    from exp_samplecnn.data.segment_store import SegmentStore
    from exp_samplecnn.tasks import Task

__all__ = ["STANDARDS", "Standardisation", "standardisation"]

STANDARDS = ("paper", "data", "segment", "none")
"""The original's constants, those of the training split at hand, each segment's own (it then does not matter how loud a
recording is), or none, as in the original's predecessor."""

ROWS_AT_ONCE = 256

SILENCE = 1e-5
"""Spread of a segment below which it is not made louder any further, full scale being 1."""


@dataclass(frozen=True)
class Standardisation:
    """What is taken off samples, and what they are divided by then; full scale is 1."""

    mean: float = 0.0
    std: float = 1.0
    own: bool = False
    """Of each segment its own, in place of these."""

    def __call__(self, samples: torch.Tensor, *, full_scale: float = 1) -> torch.Tensor:
        """Segments of any type, (n, n_samples), which stay as they are → float32."""
        sound = samples.float() / full_scale
        if self.own:
            std, mean = torch.std_mean(sound, dim=1, keepdim=True)
            return sound.sub_(mean).div_(std.clamp_(min=SILENCE))
        return sound.sub_(self.mean).div_(self.std)


def standardisation(standard: str, store: SegmentStore) -> Standardisation:
    """One of `STANDARDS`."""
    match standard:
        case "paper":
            return paper_standardisation(store.task)
        case "data":
            return measured_standardisation(store)
        case "segment":
            return Standardisation(own=True)
        case "none":
            return Standardisation()
    raise ValueError(f"unknown standard {standard!r}: choose one of {', '.join(STANDARDS)}")


def paper_standardisation(task: Task) -> Standardisation:
    """The constants of the original's code."""
    return Standardisation(task.mean, task.std)


def measured_standardisation(store: SegmentStore) -> Standardisation:
    """Of the samples of the split train, gone through once.

    Raises
    ------
    UserError
        where all of them are the same.
    """
    from tqdm import tqdm

    rows = store.rows_of(TRAIN)
    total = squares = 0.0
    for start in tqdm(range(0, len(rows), ROWS_AT_ONCE), desc="mean and spread", unit="block", disable=None):
        samples = store.segments[rows[start : start + ROWS_AT_ONCE]].astype(np.float64) / store.full_scale
        total += samples.sum()
        squares += np.square(samples).sum()
    n_samples = len(rows) * store.segments.shape[1]
    mean = total / n_samples
    variance = squares / n_samples - mean**2
    if variance <= 0:
        raise UserError(f"{store.path} is silent where it is to be trained on: look at its recordings")
    return Standardisation(mean, math.sqrt(variance))
