"""What stands out of the background of a place: levels without what is there all the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from spectral_transcoder.sensor.presence.thresholds import PRESENCE_LABELS
from teachers.label_groups import group_members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["foreground", "labels_in_front"]

IN_FRONT = ("voice", "birds")
"""Groups whose sources come and go; the traffic of a city is its background."""

DEPTH_DB = 35.0
"""By which levels fall at most."""


def foreground(seconds: torch.Tensor) -> torch.Tensor:
    """Levels of windows without the background: the median energy of each band over a window is taken off.

    Parameters
    ----------
    seconds : (n_windows, n_seconds, n_frames, n_bands)
        in dB.

    Returns
    -------
    the same, at most `DEPTH_DB` lower
    """
    energy = 10 ** (seconds / 10)
    ordered = energy.flatten(1, 2).sort(dim=1).values
    n_frames = ordered.shape[1]
    background = (ordered[:, (n_frames - 1) // 2] + ordered[:, n_frames // 2]) / 2
    return 10 * torch.maximum(energy - background[:, None, None], energy * 10 ** (-DEPTH_DB / 10)).log10()


def labels_in_front(labels: Sequence[str]) -> NDArray[np.integer]:
    """Which labels are scored by the foreground: those of `IN_FRONT`."""
    members = group_members(labels, PRESENCE_LABELS)
    return np.concatenate([members[group] for group in IN_FRONT])
