"""Where sensors are, and where that is on a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audiokit.storage.csv_table import check_column, check_unique, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Place", "project", "read_places"]

KM_PER_DEGREE = 111.195
"""Of a great circle: the Earth's mean radius of 6371 km (IUGG) times π/180."""

REMEDY = "give a csv file with the columns sensor, latitude, longitude and, if you like, name"


class Place(NamedTuple):
    """Where a sensor is."""

    latitude: float
    """Degrees north, WGS 84."""

    longitude: float
    """Degrees east."""

    name: str
    """For people; empty where it has none."""


def read_places(path: Path) -> dict[str, Place]:
    """Sensor → place.

    Raises
    ------
    UserError
        for a file or a cell that is none, and a sensor that is there twice.
    """
    table = read_table(path, ["sensor", "latitude", "longitude"], remedy=REMEDY)
    check_unique(table, "sensor", path=path)
    degrees = {}
    for column, limit in (("latitude", 90), ("longitude", 180)):
        numbers = np.array([_number(text) for text in table[column]])
        check_column(table, column, np.abs(numbers) <= limit, f"is not from -{limit} to {limit} degrees", path=path)
        degrees[column] = numbers.tolist()
    names = table["name"].tolist() if "name" in table else [""] * len(table)
    return dict(zip(table["sensor"], map(Place, degrees["latitude"], degrees["longitude"], names), strict=True))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def project(
    latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Equirectangular projection about the middle of the places: km to the east and to the north of it.

    Parameters
    ----------
    latitudes, longitudes : (n,)
        degrees; those beside the date line are taken the short way round.
    """
    middle = (latitudes.min() + latitudes.max()) / 2
    from_first = (longitudes - longitudes[0] + 180) % 360 - 180
    east = from_first - (from_first.min() + from_first.max()) / 2
    return east * np.cos(np.radians(middle)) * KM_PER_DEGREE, (latitudes - middle) * KM_PER_DEGREE
