"""Levels of noise over a time, by the names of ISO 1996-1: LAeq, percentile levels, and the day-evening-night level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.bands.weighting import weights
from spectral_transcoder.sensor.levels.overall import LevelHistogram, mean_levels, overall_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["DAY_PARTS", "Indicators", "MeanLevel", "a_weighted_levels", "block_indicators", "day_evening_night"]

EXCEEDED = {"LA10": 90.0, "LA50": 50.0, "LA90": 10.0}
"""Levels that are exceeded for 10, 50 and 90 % of the time, and the percentile that each is."""

DAY_PARTS = ((7, 19, 0.0), (19, 23, 5.0), (23, 31, 10.0))
"""First hour, last hour and penalty in dB of day, evening and night (Directive 2002/49/EC, annex I)."""

LEAST_COVERAGE = 0.5
"""Share of each part of a day that must be there for Lden."""


def a_weighted_levels(bands: NDArray[np.floating], measured: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """A-weighted level of all bands, or of those measured, together: (..., 29) dB → (...,) dB; NaN in gaps."""
    return overall_levels(bands + weights("A"), measured)


def block_indicators(levels: NDArray[np.floating]) -> dict[str, NDArray[np.float64]]:
    """LAeq and percentile levels of blocks, by their names, each (n,) in dB to the hundredth; NaN without any frame.

    Parameters
    ----------
    levels : (n, n_frames)
        A-weighted, dB; NaN in gaps.
    """
    # NaN come last.
    ordered, n_known = np.sort(levels, axis=1), (~np.isnan(levels)).sum(axis=1)
    exceeded = {name: _percentiles(ordered, n_known, percent) for name, percent in EXCEEDED.items()}
    return {name: values.round(2) for name, values in {"LAeq": mean_levels(levels), **exceeded}.items()}


def _percentiles(ordered: NDArray[np.floating], n_known: NDArray[np.integer], percent: float) -> NDArray[np.float64]:
    """Percentile of the first `n_known` values of each row, (n, n_values) that rise, as `numpy.percentile` has it."""
    rank = percent / 100 * np.maximum(n_known - 1, 0)
    below = np.floor(rank).astype(int)
    low, high = (np.take_along_axis(ordered, at[:, None], axis=1)[:, 0] for at in (below, np.ceil(rank).astype(int)))
    with np.errstate(invalid="ignore"):
        return np.where(rank == below, low, low * (1 - rank % 1) + high * (rank % 1))


class MeanLevel:
    """Mean energy of frames that come some after the others, as a level."""

    def __init__(self) -> None:
        self.energy = 0.0
        self.n_frames = 0

    def add(self, levels: NDArray[np.floating]) -> None:
        """Take in levels of frames, (n,) dB; those that are NaN do not count."""
        known = levels[~np.isnan(levels)]
        self.energy += float((10 ** (known / 10)).sum())
        self.n_frames += len(known)

    @property
    def level(self) -> float:
        """Leq, dB; NaN without any frame, −inf without any energy."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(10 * np.log10(np.float64(self.energy) / self.n_frames))


class Indicators(MeanLevel):
    """LAeq and percentile levels of A-weighted levels, in constant memory."""

    def __init__(self) -> None:
        super().__init__()
        self.histogram = LevelHistogram()

    def add(self, levels: NDArray[np.floating]) -> None:
        """See `MeanLevel.add`."""
        super().add(levels)
        self.histogram.add(levels)

    def values(self) -> dict[str, float]:
        """All by their names, dB to the hundredth."""
        exceeded = {name: self.histogram.percentile(percent) for name, percent in EXCEEDED.items()}
        return {name: round(value, 2) for name, value in {"LAeq": self.level, **exceeded}.items()}


def day_evening_night(levels: Sequence[float], coverage: Sequence[float]) -> float:
    """Lden of a day, dB: the mean energy of its parts, weighted by their hours, with their penalties.

    Parameters
    ----------
    levels
        LAeq of day, evening and night, dB.
    coverage
        share of each that was measured; where one is below one half, there is no Lden: NaN.
    """
    if min(coverage) < LEAST_COVERAGE:
        return np.nan
    hours = np.array([last - first for first, last, _ in DAY_PARTS])
    penalties = np.array([penalty for *_, penalty in DAY_PARTS])
    return float(10 * np.log10((hours * 10 ** ((np.asarray(levels) + penalties) / 10)).sum() / hours.sum()))
