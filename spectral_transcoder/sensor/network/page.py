"""A map of sensors in one file, which works from the file system and asks for nothing from anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audiokit.files import write_whole
from audiokit.reports.page import data_address
from spectral_transcoder.sensor.network.places import project

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SensorPart", "write_map"]


class SensorPart(NamedTuple):
    """A sensor of the map."""

    facts: dict[str, object]
    """As `tables.sensor_facts` gives them."""

    pictures: Sequence[Path]
    """PNGs."""


def write_map(path: Path, parts: Sequence[SensorPart], groups: Sequence[str]) -> None:
    """Write the page: a plane map, and for the sensor that is chosen its series and pictures.

    Parameters
    ----------
    parts
        at least one.
    groups
        to choose from.
    """
    placed = [part for part in parts if part.facts["latitude"] is not None]
    at: dict[object, tuple[float, float]] = {}
    if placed:
        latitudes, longitudes = (np.array([part.facts[key] for part in placed]) for key in ("latitude", "longitude"))
        east, north = project(latitudes, longitudes)
        names = [part.facts["sensor"] for part in placed]
        at = dict(zip(names, zip(east.tolist(), north.tolist(), strict=True), strict=True))
    sensors = [
        part.facts
        | {
            "km": at.get(part.facts["sensor"]),
            "pictures": [data_address("image/png", picture.read_bytes()) for picture in part.pictures],
        }
        for part in parts
    ]
    # Nothing in a name may end the script.
    data = json.dumps({"groups": list(groups), "sensors": sensors}, allow_nan=False).replace("<", "\\u003c")
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    with write_whole(path) as partial:
        partial.write_text(template.substitute(data=data), encoding="utf-8")
