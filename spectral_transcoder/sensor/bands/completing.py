"""Levels of bands that a meter does not have, from those of their neighbours."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["complete"]

SLOPE_BANDS = 6
"""At an end, that the slope is found from: two octaves."""

STEEPEST_DB = 3.0
"""A band, outwards: 9 dB an octave, falling or rising. A tone in the last band would make it steeper."""


def complete(levels: NDArray[np.floating], there: Sequence[int]) -> NDArray[np.float32]:
    """All 29 bands from some of them.

    Between others, levels are interpolated; at the ends they go on with the slope of the nearest `SLOPE_BANDS` bands
    (least squares), from the level of the last one.

    Parameters
    ----------
    levels : (n, len(there))
        in dB.
    there
        which bands these are, rising.

    Returns
    -------
    (n, 29), dB; NaN where a level that is needed is
    """
    there = np.asarray(there)
    whole = np.empty((len(levels), N_BANDS), np.float32)
    whole[:, there] = levels
    for low, high in pairwise(there):
        for index in range(low + 1, high):
            share = np.float32((index - low) / (high - low))
            whole[:, index] = (1 - share) * whole[:, low] + share * whole[:, high]
    _continue(whole, range(there[0] - 1, -1, -1), whole[:, there[0] : there[-1] + 1])
    _continue(whole, range(there[-1] + 1, N_BANDS), whole[:, there[-1] : there[0] - 1 if there[0] else None : -1])
    return whole


def _continue(whole: NDArray[np.float32], missing: Sequence[int], inwards: NDArray[np.float32]) -> None:
    """Fill bands, the nearest first, from those that are there, the last one first."""
    if not len(missing):
        return
    near = inwards[:, :SLOPE_BANDS].astype(np.float64)
    steps = np.arange(near.shape[1]) - (near.shape[1] - 1) / 2
    with np.errstate(invalid="ignore"):
        slope = -(near @ steps) / max((steps**2).sum(), 1)
    # Beside a band without any energy, −inf, there is no slope.
    slope = np.clip(np.where(np.isfinite(slope), slope, 0), -STEEPEST_DB, STEEPEST_DB)
    for distance, index in enumerate(missing, 1):
        whole[:, index] = near[:, 0] + distance * slope
