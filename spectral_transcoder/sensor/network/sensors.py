"""Which table is of which sensor, and all that was heard at each."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.network.accumulation import HourSums
from spectral_transcoder.sensor.network.reading import Blocks, Record, read_blocks
from spectral_transcoder.sensor.times.clock import Clock, text_of
from spectral_transcoder.sensor.times.zones import on_clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Network", "Sensor"]


@dataclass
class Sensor:
    """What was heard at a sensor."""

    name: str
    clock: Clock
    """Of the tables."""

    sums: HourSums
    spans: list[tuple[float, float, Path]] = field(default_factory=list)
    """First and last block of each table, seconds since 1970 on the clock of the tables."""


class Network:
    """Takes in tables of many sensors, one after the other.

    Parameters
    ----------
    groups
        of all tables, in order; those that a table does not have are unknown there.
    zone
        whose clock hours and days are counted by, where tables are in UTC; None: UTC.
    by_folder
        whether a table without a column of sensors is of the sensor that its folder is called by, not its file.
    """

    def __init__(self, groups: Sequence[str], *, zone: tzinfo | None = None, by_folder: bool = False) -> None:
        self.groups = tuple(groups)
        self.zone = zone
        self.by_folder = by_folder
        self.sensors: dict[str, Sensor] = {}

    def add(self, record: Record) -> None:
        """Take in all of a table, or nothing of it.

        Raises
        ------
        UserError
            where it cannot be read, or tells what another has told.
        """
        found: dict[str, Sensor] = {}
        for blocks in read_blocks(record):
            for name, rows in self._by_sensor(blocks, record):
                sensor = found.setdefault(name, Sensor(name, blocks.clock, HourSums(len(self.groups))))
                self._add_blocks(sensor, blocks, rows, record)
        for sensor in found.values():
            self._check(sensor)
        for name, sensor in found.items():
            there = self.sensors.setdefault(name, Sensor(name, sensor.clock, HourSums(len(self.groups))))
            there.sums.add(sensor.sums.hours, sensor.sums.sums)
            there.spans = sorted([*there.spans, *sensor.spans])

    def _by_sensor(self, blocks: Blocks, record: Record) -> list[tuple[str, NDArray[np.intp]]]:
        """Each sensor's rows."""
        if blocks.series is None:
            name = record.table.parent.name if self.by_folder else record.stem
            return [(name, np.arange(len(blocks.times)))]
        names = blocks.series
        return [(str(name), np.flatnonzero(names == name)) for name in np.unique(names)]

    def _add_blocks(self, sensor: Sensor, blocks: Blocks, rows: NDArray[np.intp], record: Record) -> None:
        present = np.full((len(rows), len(self.groups)), np.nan)
        present[:, [self.groups.index(group) for group in record.groups]] = blocks.present[rows]
        times = blocks.times[rows]
        local = on_clock(times, self.zone) if blocks.clock is Clock.UTC and self.zone else times
        sensor.sums.add_blocks(local, blocks.seconds[rows], blocks.levels[rows], blocks.known[rows], present)
        firsts, lasts, _ = zip(*sensor.spans, strict=True) if sensor.spans else ((), (), ())
        sensor.spans = [
            (min(float(times.min()), *firsts, np.inf), max(float(times.max()), *lasts, -np.inf), record.table)
        ]

    def _check(self, sensor: Sensor) -> None:
        """Refuse what would count twice, or on two clocks."""
        there = self.sensors.get(sensor.name)
        if there is None:
            return
        if there.clock is not sensor.clock:
            raise UserError(
                f"{sensor.spans[0][2]} and {there.spans[0][2]} are both of {sensor.name}, one in UTC and one on the "
                "clock of its file: tag them both with --zone"
            )
        for (_, end, one), (start, _, other) in pairwise(sorted([*there.spans, *sensor.spans])):
            if start <= end:
                raise UserError(
                    f"{other} begins at {text_of(start, sensor.clock)}, before {one} ends, and both are of "
                    f"{sensor.name}: time would count twice; remove one, or see --sensor_is"
                )
