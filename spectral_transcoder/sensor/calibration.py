"""From the levels of a sensor to those that the transcoders were trained on.

Transcoders learned from recordings that were divided by their peak, so what they expect is dB re full scale. What is
to be added to a sensor's levels to get there is called the offset here, as in the sister tool fast-to-ears: minus the
level that full scale is to stand for. docs/sensor_data.md has an example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.frames import frames
from spectral_transcoder.sensor.quality import LEVEL_RANGE_DB, Quality
from spectral_transcoder.third_octave import SENSOR_CALIBRATION_DB, SILENCE_RMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.sources import LevelSource

__all__ = [
    "DEFAULT_OFFSET_DB",
    "LOUD_PERCENTILE",
    "LevelHistogram",
    "automatic_offset",
    "calibrate",
    "overall_levels",
    "warning_about",
]

DEFAULT_OFFSET_DB = -90.0
"""For dB SPL: full scale stands for 90 dB. The sister tool's default."""

LOUD_PERCENTILE = 99.0
"""Of the overall levels, that the automatic offset brings to 0 dB."""

FLOOR_DB = 20 * np.log10(SILENCE_RMS) + SENSOR_CALIBRATION_DB
"""What silence reads in the levels that the transcoders were trained on, −154 dB."""

LIKELY_LOUD_DB = (-45.0, 15.0)
"""Where the loud percentile lies for the offsets that make sense, dB re full scale."""

STEP_DB = 0.01
ENERGY_RANGE_DB = (LEVEL_RANGE_DB[0] - 10, LEVEL_RANGE_DB[1] + 20)
"""Of overall levels: 29 bands have at most 14.6 dB more than one."""


def overall_levels(levels: NDArray[np.floating]) -> NDArray[np.float64]:
    """Level of all bands together, 10·log10 Σ 10^(L/10).

    Parameters
    ----------
    levels : (..., n_bands)
        in dB.

    Returns
    -------
    (...,) in dB; −inf without any energy, NaN where a band is NaN
    """
    with np.errstate(divide="ignore"):
        return 10 * np.log10((10 ** (levels.astype(np.float64) / 10)).sum(axis=-1))


def calibrate(levels: NDArray[np.float32], db_offset: float) -> NDArray[np.float32]:
    """Levels as the transcoders expect them: dB re full scale + 26, silence at −154.

    Parameters
    ----------
    levels : (..., 29)
        in dB, as the sensor has them.
    db_offset
        that makes them dB re full scale.
    """
    return np.maximum(levels + np.float32(db_offset + SENSOR_CALIBRATION_DB), np.float32(FLOOR_DB))


class LevelHistogram:
    """Percentiles of overall levels in one pass and constant memory, to half a hundredth of a dB."""

    def __init__(self) -> None:
        lowest, highest = ENERGY_RANGE_DB
        self.counts = np.zeros(round((highest - lowest) / STEP_DB) + 1, np.int64)

    def add(self, overall: NDArray[np.floating]) -> None:
        """Take in overall levels, (n,); those that are not finite do not count."""
        known = overall[np.isfinite(overall)]
        places = np.rint((known - ENERGY_RANGE_DB[0]) / STEP_DB).astype(np.int64)
        self.counts += np.bincount(places.clip(0, len(self.counts) - 1), minlength=len(self.counts))

    def percentile(self, percent: float) -> float:
        """Percentile as `numpy.percentile` has it, in dB; NaN where nothing came in."""
        total = int(self.counts.sum())
        if not total:
            return np.nan
        rank = percent / 100 * (total - 1)
        # The ordered levels on both sides of the rank: between them numpy interpolates.
        below, above = np.searchsorted(self.counts.cumsum(), [np.floor(rank), np.ceil(rank)], side="right")
        return float(ENERGY_RANGE_DB[0] + STEP_DB * (below + (above - below) * (rank % 1)))


def automatic_offset(sources: Iterable[LevelSource]) -> float:
    """Offset that brings the 99th percentile of the overall levels of all frames to 0 dB re full scale.

    Parameters
    ----------
    sources
        read once each; together they get one offset, for they should be of one sensor. Of one that cannot be read to
        its end, nothing counts.

    Returns
    -------
    float
        dB; within 0.005 of −(99th percentile), the rule of fast-to-ears.

    Raises
    ------
    UserError
        where there is no frame to tell by; if a source could not be read, why.
    """
    histogram = LevelHistogram()
    problem: UserError | None = None
    for source in sources:
        if not source.can_be_read_again:
            raise UserError(f"{source.name} can be read only once: give --db_offset, or a file")
        try:
            histogram.counts += _histogram_of(source).counts
        except UserError as error:
            problem = problem or error
    loud = histogram.percentile(LOUD_PERCENTILE)
    if np.isnan(loud):
        if problem is not None:
            raise problem
        raise UserError("there is no frame with levels to find the offset by: give --db_offset")
    return -loud


def _histogram_of(source: LevelSource) -> LevelHistogram:
    histogram = LevelHistogram()
    for piece in frames(source, Quality()):
        histogram.add(overall_levels(piece.levels))
    return histogram


def warning_about(loud_level: float, db_offset: float) -> str | None:
    """What to tell about an offset that makes little sense, or None.

    Parameters
    ----------
    loud_level
        99th percentile of the overall levels, dB as in the file.
    """
    lowest, highest = LIKELY_LOUD_DB
    if not np.isfinite(loud_level) or lowest <= loud_level + db_offset <= highest:
        return None
    return (
        f"with the offset of {db_offset:g} dB, the loudest hundredth of the frames is at {loud_level + db_offset:.0f} "
        f"dB re full scale: scores will mean little. Try --auto_offset, or --db_offset {-loud_level:.0f}"
    )
