"""From the levels of a sensor to those that the transcoders were trained on.

Transcoders learned from recordings that were divided by their peak, so what they expect is dB re full scale. What is
to be added to a sensor's levels to get there is called the offset here, as in the sister tool fast-to-ears: minus the
level that full scale is to stand for. docs/sensor_data.md has an example.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.calibrator import (
    KILOHERTZ,
    PISTONPHONE,
    Calibration,
    agreed_level,
    steady_stretches,
    tone_levels,
)
from spectral_transcoder.sensor.frames import frames
from spectral_transcoder.sensor.quality import LEVEL_RANGE_DB, Quality
from spectral_transcoder.sensor.times.clock import text_of
from spectral_transcoder.third_octave import SENSOR_CALIBRATION_DB, SILENCE_RMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.calibrator import Stretch
    from spectral_transcoder.sensor.sources import LevelSource

__all__ = [
    "DEFAULT_OFFSET_DB",
    "LOUD_PERCENTILE",
    "LevelHistogram",
    "automatic_offset",
    "calibrate",
    "find_calibrations",
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


def find_calibrations(sources: Iterable[LevelSource], nominal: float) -> dict[str, Calibration]:
    """What a calibrator that sounded while levels were taken says of each sensor.

    Parameters
    ----------
    sources
        read once each. Series without names are of one sensor together, those with names of sensors of their own. Of
        one that cannot be read to its end, nothing counts.
    nominal
        level of the calibrator, dB.

    Returns
    -------
    dict
        by the name of the sensor, "" where it has none.

    Raises
    ------
    UserError
        where a sensor has no stretch with a calibrator, or stretches that do not agree.
    """
    found: dict[str, list[Stretch]] = {}
    pistonphones: dict[str, list[Stretch]] = {}
    problem: UserError | None = None
    for source in sources:
        if not source.can_be_read_again:
            raise UserError(f"{source.name} can be read only once: --calibrator needs a file")
        try:
            tones = _tones_of(source)
        except UserError as error:
            problem = problem or error
            continue
        for sensor, (at_kilohertz, at_pistonphone) in tones.items():
            found.setdefault(sensor, []).extend(at_kilohertz)
            pistonphones.setdefault(sensor, []).extend(at_pistonphone)
    if problem is not None and not found:
        raise problem
    calibrations = {}
    for sensor, stretches in (found or {"": []}).items():
        if not stretches:
            raise UserError(_no_calibrator(sensor, pistonphones.get(sensor, [])))
        calibrations[sensor] = Calibration(nominal - agreed_level(stretches), tuple(stretches))
    return calibrations


def _tones_of(source: LevelSource) -> dict[str, tuple[list[Stretch], list[Stretch]]]:
    """Steady tones of 1 kHz and of 250 Hz, by the sensor; only frames in which there is a tone are held."""
    heard: dict[int, list[tuple[NDArray, NDArray, NDArray]]] = {}
    for piece in frames(source, Quality()):
        tones = [tone_levels(piece.levels, band) for band in (KILOHERTZ, PISTONPHONE)]
        some = ~np.isnan(tones).all(axis=0)
        heard.setdefault(piece.series, []).append((piece.times[some], *(tone[some] for tone in tones)))
    found: dict[str, tuple[list[Stretch], list[Stretch]]] = {}
    for series, parts in heard.items():
        times, *tones = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        for tone, stretches in zip(tones, found.setdefault(source.sensor_of(series), ([], [])), strict=True):
            place = {"hop_seconds": source.hop_seconds, "source": source.name, "series": series}
            stretches += [
                replace(stretch, when=text_of(stretch.start, source.clock))
                for stretch in steady_stretches(times, tone, **place)
            ]
    return found


def _no_calibrator(sensor: str, pistonphones: list[Stretch]) -> str:
    of_sensor = f" of the sensor {sensor!r}" if sensor else ""
    if pistonphones:
        first = pistonphones[0]
        return (
            f"{first.source}: the tone at {first.when}{of_sensor} is of 250 Hz, a pistonphone: what it reads depends "
            "on the weighting and on the pressure of the air; take a calibrator of 1 kHz, or give --db_offset"
        )
    return (
        f"no calibrator is found{of_sensor}: for 3 s, the band of 1 kHz should stay within ±0.5 dB, 20 dB above all "
        "that are more than two away; name the file in which it sounded, or leave --calibrator out"
    )


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
