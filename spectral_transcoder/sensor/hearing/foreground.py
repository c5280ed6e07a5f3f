"""What stands out of the background of a place: levels without what is there all the time."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

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


def foreground(seconds: NDArray[np.floating]) -> NDArray[np.float32]:
    """Levels of blocks without the background: the median energy of each band over a block is taken off.

    Parameters
    ----------
    seconds : (n_blocks, n_seconds, n_frames, n_bands)
        in dB; NaN in gaps.

    Returns
    -------
    the same, at most `DEPTH_DB` lower
    """
    energy = 10 ** (np.asarray(seconds, np.float64) / 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # blocks without any frame have no median
        background = np.nanmedian(energy, axis=(1, 2), keepdims=True)
    with np.errstate(divide="ignore"):
        return (10 * np.log10(np.maximum(energy - background, energy * 10 ** (-DEPTH_DB / 10)))).astype(np.float32)


def labels_in_front(labels: Sequence[str]) -> NDArray[np.integer]:
    """Which labels are scored by the foreground: those of `IN_FRONT`."""
    members = group_members(labels, PRESENCE_LABELS)
    return np.concatenate([members[group] for group in IN_FRONT])
