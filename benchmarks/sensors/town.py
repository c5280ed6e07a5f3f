"""Levels of made-up places in a town through day and week: traffic that passes, birds at dawn, voices at noon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from spectral_transcoder.third_octave import NOMINAL_FREQUENCIES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["START", "hour_of_levels", "write_levels"]

START = "2024-05-06T00:00:00+02:00"
"""A Monday."""

FAST = 8
"""Frames of a second."""

FREQUENCIES = np.array(NOMINAL_FREQUENCIES)
WEEKEND = (5, 6)

CARS = {"quay": 300, "square": 60}
"""That pass in the busiest hour."""

TALKS = {"quay": 5, "square": 60}
"""Of ten seconds in the hour with most of them."""

CHIRPS = 1500
"""In the hour of dawn."""

RUSH_HOURS = np.array([1, 1, 0, 0, 1, 3, 6, 9, 10, 7, 6, 6, 7, 7, 6, 7, 9, 10, 9, 6, 4, 3, 2, 1]) / 10
DAWN = np.array([0, 0, 0, 1, 8, 10, 8, 5, 2, 1, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 2, 0, 0, 0]) / 10
OUTSIDE = np.array([0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 5, 10, 9, 5, 4, 4, 5, 7, 9, 8, 5, 2, 1]) / 10


def hour_of_levels(place: str, number: int) -> NDArray[np.float32]:
    """Levels of an hour, (28800, 29) in dB SPL, the same each time.

    Parameters
    ----------
    place
        quay or square.
    number
        of the hour since `START`.
    """
    generator = np.random.default_rng([number, *place.encode()])
    hour, weekday = number % 24, number // 24 % 7
    n_frames = 3600 * FAST
    # Nobody drives to work on Saturday and Sunday.
    cars = CARS[place] * RUSH_HOURS[hour] * (0.4 if weekday in WEEKEND else 1)
    energy = np.tile(10 ** (_spectrum(100, 44, fall=9) / 10), (n_frames, 1))
    energy += _events(generator, cars, np.hanning(12 * FAST) ** 2, _spectrum(400, 66, fall=5))
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(10 * FAST) / 2.5)
    energy += _events(generator, TALKS[place] * OUTSIDE[hour], syllables, _spectrum(800, 60, fall=7))
    energy += _events(generator, CHIRPS * DAWN[hour], np.array([0.3, 1, 0.2]), _spectrum(4500, 56, fall=18))
    return (10 * np.log10(energy) + 1.2 * generator.standard_normal(energy.shape)).astype(np.float32)


def write_levels(path: Path, *, place: str, hours: int, per_second: int) -> Path:
    """Write a CSV file of levels, 1 or 8 a second; one that is there stays."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    for number in range(hours):
        energy = 10 ** (hour_of_levels(place, number).reshape(3600 * per_second, FAST // per_second, -1) / 10)
        table = pd.DataFrame(
            (10 * np.log10(energy.mean(axis=1))).round(1), columns=[f"{band:g}" for band in FREQUENCIES]
        )
        start = pd.Timestamp(START) + pd.Timedelta(hours=number)
        times = pd.date_range(start, periods=len(table), freq=pd.Timedelta(seconds=1 / per_second))
        table.insert(0, "time", times.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "+02:00")
        table.to_csv(partial, index=False, header=not number, mode="a" if number else "w")
    return partial.rename(path)


def _spectrum(peak: float, level: float, *, fall: float) -> NDArray[np.float64]:
    """Third-octave levels, (29,) dB, that fall on both sides of a frequency by so many dB an octave."""
    return level - fall * np.abs(np.log2(FREQUENCIES / peak))


def _events(
    generator: np.random.Generator, per_hour: float, envelope: NDArray[np.float64], spectrum: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Energy of events at random times of an hour, 6 dB louder or softer, (28800, 29)."""
    n_frames = 3600 * FAST
    impulses = np.zeros(n_frames)
    places = generator.integers(0, n_frames, generator.poisson(per_hour))
    np.add.at(impulses, places, 10 ** (generator.uniform(-6, 6, len(places)) / 10))
    return np.convolve(impulses, envelope)[:n_frames, None] * 10 ** (spectrum / 10)
