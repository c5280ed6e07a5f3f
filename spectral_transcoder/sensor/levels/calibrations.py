"""What calibrators say of sensors, found in all of their files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels.calibrator import (
    KILOHERTZ,
    PISTONPHONE,
    Calibration,
    agreed_level,
    steady_stretches,
    tone_levels,
)
from spectral_transcoder.sensor.levels.frames import frames
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.sensor.times.clock import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.levels.calibrator import Stretch
    from spectral_transcoder.sensor.levels.sources import LevelSource

__all__ = ["find_calibrations"]


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
