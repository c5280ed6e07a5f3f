"""Levels of all bands together: sums, means and percentiles over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.levels.quality import LEVEL_RANGE_DB

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LevelHistogram", "mean_levels", "overall_levels"]

STEP_DB = 0.01
OVERALL_RANGE_DB = (LEVEL_RANGE_DB[0] - 10, LEVEL_RANGE_DB[1] + 20)
"""Of overall levels: 29 bands have at most 14.6 dB more than one."""


def overall_levels(levels: NDArray[np.floating], measured: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Level of all bands together, 10·log10 Σ 10^(L/10).

    Parameters
    ----------
    levels : (..., n_bands)
        in dB.
    measured : (..., n_bands)
        which bands count; all by default.

    Returns
    -------
    (...,) in dB; −inf without any energy, NaN where a band is NaN
    """
    energy = 10 ** (levels.astype(np.float64) / 10)
    if measured is not None:
        energy = np.where(measured, energy, 0)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(energy.sum(axis=-1))


def mean_levels(overall: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean energy of what is known, as a level: (n, n_frames) → (n,) dB; NaN where nothing is."""
    known = ~np.isnan(overall)
    energy = np.where(known, 10 ** (overall / 10), 0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 10 * np.log10(energy / known.sum(axis=1))


class LevelHistogram:
    """Percentiles of overall levels in one pass and constant memory, to half a hundredth of a dB."""

    def __init__(self) -> None:
        lowest, highest = OVERALL_RANGE_DB
        self.counts = np.zeros(round((highest - lowest) / STEP_DB) + 1, np.int64)

    def add(self, overall: NDArray[np.floating]) -> None:
        """Take in overall levels, (n,); those that are not finite do not count."""
        known = overall[np.isfinite(overall)]
        places = np.rint((known - OVERALL_RANGE_DB[0]) / STEP_DB).astype(np.int64)
        self.counts += np.bincount(places.clip(0, len(self.counts) - 1), minlength=len(self.counts))

    def percentile(self, percent: float) -> float:
        """Percentile as `numpy.percentile` has it, in dB; NaN where nothing came in."""
        total = int(self.counts.sum())
        if not total:
            return np.nan
        rank = percent / 100 * (total - 1)
        # The ordered levels on both sides of the rank: between them numpy interpolates.
        below, above = np.searchsorted(self.counts.cumsum(), [np.floor(rank), np.ceil(rank)], side="right")
        return float(OVERALL_RANGE_DB[0] + STEP_DB * (below + (above - below) * (rank % 1)))
