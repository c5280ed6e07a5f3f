"""Offsets that bring a sensor's levels to the scale of the transcoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels.frames import frames
from spectral_transcoder.sensor.levels.overall import LevelHistogram, overall_levels
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.third_octave import SENSOR_CALIBRATION_DB, SILENCE_RMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.levels.sources import LevelSource

__all__ = ["DEFAULT_OFFSET_DB", "FLOOR_DB", "LOUD_PERCENTILE", "automatic_offset", "calibrate", "warning_about"]

DEFAULT_OFFSET_DB = -90.0
"""For dB SPL: full scale stands for 90 dB. The sister tool's default."""

LOUD_PERCENTILE = 99.0
"""Of the overall levels, that the automatic offset brings to 0 dB."""

FLOOR_DB = 20 * np.log10(SILENCE_RMS) + SENSOR_CALIBRATION_DB
"""What silence reads in the levels that the transcoders were trained on, −154 dB."""

LIKELY_LOUD_DB = (-45.0, 15.0)
"""Where the loud percentile lies for the offsets that make sense, dB re full scale."""


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
