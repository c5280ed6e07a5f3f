"""Levels of a table: its cells made to bands and times, with the line that says how."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.bands.choosing import choose_bands, nominal
from spectral_transcoder.sensor.bands.completing import complete
from spectral_transcoder.sensor.bands.names import find_bands
from spectral_transcoder.sensor.bands.quantity import quantity_of
from spectral_transcoder.sensor.bands.weighting import weights
from spectral_transcoder.sensor.levels.frames import TOO_FAST
from spectral_transcoder.sensor.levels.quality import are_placeholders
from spectral_transcoder.sensor.levels.sources import LevelSource, Piece, Reading, Unreadable
from spectral_transcoder.sensor.reading.meters import recognise
from spectral_transcoder.sensor.times.cadence import CADENCES, cadence_of, target_of
from spectral_transcoder.sensor.times.clock import Clock, begins_at, parse_time
from spectral_transcoder.sensor.times.columns import find_times, is_in_utc, zone_of_column
from spectral_transcoder.sensor.times.dates import decide_order, hint_in
from spectral_transcoder.sensor.times.kinds import Kind
from spectral_transcoder.sensor.times.reader import TimeColumns, TimeReader, dates_in, go_through_midnight
from spectral_transcoder.sensor.times.zones import ZONE_BEHIND_TIME, parse_zone, zone_in_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    import pandas as pd
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.formats.table import Rows, Table

__all__ = ["TableSource"]

SENSOR_NAME = re.compile(
    r"(?:map[ _]?)?(?:id[ _]?)?(?:sensor|device|station|site|node|probe|logger|mac|microphone|capteur)"
    r"(?:[ _]?(?:id|name|no|nr|serial))?",
    re.IGNORECASE,
)
"""Names of columns that tell which sensor a row is of."""

MOSTLY_DEAD = 0.5
"""Share of rows that may have levels in a band that is left out for want of them: else all others would be gaps."""

STEADY = 0.1
"""Of a step, and of all steps: what differs by less is steady."""

ROWS_TO_TELL = 20
"""Of a sensor among others, by which its cadence is told."""


TWICE = (
    "its times begin in the hour that comes twice when clocks are put back, and are taken for its first time round: if "
    "they are not, write them in UTC, or give --zone as a distance such as +01:00"
)


class TableSource(LevelSource):
    """Levels of a table with a row for each frame.

    Parameters
    ----------
    table
        of cells.
    reading
        how, where the table does not tell.
    """

    def __init__(self, table: Table, reading: Reading) -> None:
        self.table = table
        self.reading = reading
        self.name = table.name
        self.n_frames = table.n_rows
        self.line_word = table.line_word
        self.can_be_read_again = table.can_be_read_again
        self.largest_unreadable = reading.unreadable
        sample = table.sample()
        with self._own_errors():
            if not len(sample):
                raise UserError("it has no rows: there is nothing to tag")
            self._find_bands(sample)
            self._find_sensor()
            self._find_times(sample)
            self._find_cadence(sample)
        self.description = self._describe()

    def measured_bands(self, series: int) -> slice:
        """See `LevelSource.measured_bands`; all series have the same."""
        return slice(self.band_places[0], self.band_places[-1] + 1)

    def pieces(self) -> Iterator[Piece]:
        """Rows, as arrays."""
        reader = TimeReader(self.times) if self.times else None
        n_read: dict[int, int] = {}
        for rows in self.table.rows(self._used(), numbers=[*self.band_columns, *self.dead_columns]):
            self._tell_late(rows)
            levels = self._levels(rows.cells)
            series = self._series(rows.cells)
            times = reader.read(rows.cells) if reader and len(rows.cells) else self._even_times(n_read, series)
            yield from self._divided(rows, levels, times + self.time_offset, series)
        if reader and reader.begins_unsure and TWICE not in self.notes:
            self.notes += (TWICE,)

    def _divided(
        self, rows: Rows, levels: NDArray[np.float32], times: NDArray[np.float64], series: NDArray[np.int64]
    ) -> Iterator[Piece]:
        """Pieces of a series each, without the rows that are no frames."""
        placeholders = are_placeholders(self._levels_as_written(rows.cells))
        empty, broken = np.zeros((2, len(levels)), bool)
        unreadable = list(rows.unreadable)
        if self.times:
            empty = np.isnan(levels).all(axis=1) & ~placeholders
            cells = rows.cells[self.times.columns[0]]
            has_cell = (cells.notna() & (cells.astype(str).str.strip() != "")).to_numpy()
            broken = np.isnan(times) & has_cell & ~(empty | placeholders)
            for row in np.flatnonzero(broken):
                place = f"{self.line_word} {rows.lines[row]}"
                unreadable.append(Unreadable(place, f"its time {str(cells.iloc[row])[:40]!r} cannot be read"))
        kept = ~(empty | broken | placeholders)
        first = True
        for number in dict.fromkeys(series[kept].tolist()) or [0]:
            its = kept & (series == number)
            yield Piece(
                levels[its],
                times[its],
                number,
                rows.lines[its],
                tuple(unreadable) if first else (),
                rows.n_text + int(empty.sum()) if first else 0,
                int(placeholders.sum()) if first else 0,
            )
            first = False

    def _levels(self, cells: pd.DataFrame) -> NDArray[np.float32]:
        """All 29 bands of some rows, without weighting."""
        levels = self._levels_as_written(cells)
        if self.zero_is_unknown:
            levels = np.where(levels == 0, np.float32(np.nan), levels)
        if self.bands.weighting != "Z":
            levels = levels - weights(self.bands.weighting)[self.band_places].astype(np.float32)
        return levels if len(self.band_places) == len(self.bands.columns) else complete(levels, self.band_places)

    def _levels_as_written(self, cells: pd.DataFrame) -> NDArray[np.float32]:
        return cells[self.band_columns].to_numpy(np.float32, na_value=np.nan)

    def _even_times(self, n_read: dict[int, int], series: NDArray[np.int64]) -> NDArray[np.float64]:
        """Times of rows that succeed each other, those of each sensor apart; `n_read` counts how many were read."""
        places = np.empty(len(series))
        for number in np.unique(series).tolist():
            its = series == number
            places[its] = n_read.get(number, 0) + np.arange(its.sum())
            n_read[number] = n_read.get(number, 0) + int(its.sum())
        return self.hop_seconds * places

    def _series(self, cells: pd.DataFrame) -> NDArray[np.int64]:
        """Number of the series of each row; new sensors are numbered as they come."""
        if self.sensor_column is None:
            return np.zeros(len(cells), np.int64)
        names = cells[self.sensor_column].astype(str).str.strip()
        numbers = {name: number for number, name in self.series_names.items()}
        for name in dict.fromkeys(names):
            numbers.setdefault(name, len(numbers))
        self.series_names = {number: name for name, number in numbers.items()}
        return names.map(numbers).to_numpy(np.int64)

    def _used(self) -> list[int]:
        times = self.times.columns if self.times else ()
        sensor = () if self.sensor_column is None else (self.sensor_column,)
        return list(dict.fromkeys((*times, *sensor, *self.band_columns, *self.dead_columns)))

    def _tell_late(self, rows: Rows) -> None:
        """Say where bands get levels that were left out for want of them in the first rows."""
        for column in list(self.dead_columns):
            if (has_levels := _have_levels(rows.cells[column])).any():
                self.dead_columns.remove(column)
                place = f"{self.line_word} {rows.lines[int(has_levels.argmax())]}"
                name = self.table.names[column].strip()
                self.notes += (f"{name!r} has levels from {place} on; it is left out, having had none before",)

    def _find_bands(self, sample: pd.DataFrame) -> None:
        table = self.table
        self.meter = recognise(table.names, table.preamble, self.reading.meter)
        self.zero_is_unknown = self.meter is not None and self.meter.zero_is_unknown
        dead = [band.column for band in find_bands(table.names) if _is_dead(sample[band.column])]
        if table.can_be_read_again:
            dead = self._dead_throughout(dead)
        self.bands = choose_bands(table.names, weighting=self.reading.weighting, unused=dead, preamble=table.preamble)
        self.band_places = [place for place, column in enumerate(self.bands.columns) if column is not None]
        self.band_columns = [self.bands.columns[place] for place in self.band_places]
        self.notes = self.bands.notes
        # What comes once is looked at as it comes.
        self.dead_columns = [] if table.can_be_read_again else list(self.bands.without_levels)

    def _dead_throughout(self, columns: list[int]) -> list[int]:
        """Of columns without levels in the first rows, those that have none in most of the table either."""
        counts, n_rows = np.zeros(len(columns), np.int64), 0
        for rows in self.table.rows(columns, numbers=columns) if columns else ():
            counts += [int(_have_levels(rows.cells[column]).sum()) for column in columns]
            n_rows += len(rows.lines)
        return [column for column, count in zip(columns, counts, strict=True) if count <= MOSTLY_DEAD * n_rows]

    def _find_sensor(self) -> None:
        names = self.table.names
        columns = (column for column, name in enumerate(names) if column not in self.band_columns)
        self.sensor_column = next((column for column in columns if SENSOR_NAME.fullmatch(names[column].strip())), None)
        self.is_chunked = self.is_interleaved = self.sensor_column is not None
        self.series_names = {}

    def _find_times(self, sample: pd.DataFrame) -> None:
        """Find the times, the order of their dates and their zone."""
        table, reading = self.table, self.reading
        self.time_offset = 0.0
        asked_zone = None if reading.zone is None else parse_zone(reading.zone)
        self.times = find_times(table.names, sample, others=self.band_columns, asked=reading.time_column)
        if self.times is None:
            self._count_rows(sample, asked_zone)
            return
        order = self._order_of_dates(sample, self.times)
        zone = asked_zone or zone_of_column(table.names, sample, self.band_columns)
        zone = (
            zone or zone_in_text(table.preamble) or (parse_zone("UTC") if is_in_utc(self.times, table.names) else None)
        )
        self.times = replace(self.times, order=order, zone=zone)
        self.has_times = True
        self.clock = self.times.clock
        self.zone = zone
        if self.times.kind is Kind.STAMP_WITH_ZONE:
            self.zone = _zone_of(sample[self.times.columns[0]])
        if reading.start is not None:
            self._begin_at(*parse_time(reading.start, zone), sample)

    def _begin_at(self, start: float, clock: Clock, sample: pd.DataFrame) -> None:
        """Let times without a date count from a first frame of which somebody has said when it was."""
        if self.clock is not Clock.BEGINNING:
            self.notes += ("its times have dates: --start is passed over",)
            return
        times = TimeReader(self.times).read(sample)
        known = times[~np.isnan(times)]
        if len(known):
            first = float(known[0])
            self.time_offset, self.clock = start - first, clock
            self.notes += (begins_at(first, start, clock),)

    def _count_rows(self, sample: pd.DataFrame, zone: tzinfo | None) -> None:
        """Without times, rows count as successive, unless each is named by a quantity of its own."""
        for column in sample:
            if column not in self.band_columns and _are_quantities(sample[column]):
                shown = ", ".join(sample[column].dropna().astype(str).str.strip()[:4])
                raise UserError(f"its rows are {shown} of one time: a time history is needed, a row for each frame")
        cadence = self.reading.cadence or self.table.default_cadence
        self.hop_seconds = CADENCES[cadence]
        if self.reading.start is not None:
            self.time_offset, self.clock = parse_time(self.reading.start, zone)
        self.notes += (
            f"no column of times: rows count as successive, {self.hop_seconds:g} s apart (--cadence); name the column "
            "by --time_column if there is one",
        )

    def _order_of_dates(self, sample: pd.DataFrame, times: TimeColumns) -> str:
        """Order of day and month that dates show, in the first rows, or else in all of the file."""
        dates = list(dates_in(times, [sample]))
        if not dates:
            return self.reading.date_order or "ymd"
        hint = hint_in(self.table.preamble)
        try:
            at_midnight = go_through_midnight(times, [sample])
            return decide_order(dates, asked=self.reading.date_order, hint=hint, at_midnight=at_midnight)
        except UserError:
            if not self.table.can_be_read_again:
                raise

        def cells() -> Iterator[pd.DataFrame]:
            return (rows.cells for rows in self.table.rows(times.columns))

        return decide_order(dates_in(times, cells()), at_midnight=go_through_midnight(times, cells()))

    def _find_cadence(self, sample: pd.DataFrame) -> None:
        if self.times is None:
            return
        cadence = self._cadence_of(sample) if self.sensor_column is None else self._common_cadence(sample)
        self.hop_seconds = target_of(cadence)
        if cadence != self.hop_seconds:
            self.cadence = cadence
            self.notes += (
                f"levels every {cadence * 1000:g} ms are brought to {self.hop_seconds * 1000:g} ms: mean energy over "
                "each frame",
            )

    def _common_cadence(self, sample: pd.DataFrame) -> float:
        """That of the sensor with the most rows; those whose frames are as regular, and not as often, are refused."""
        sensors = sample[self.sensor_column].astype(str).str.strip()
        names = sensors.value_counts().index
        with_times = [name for name in names if self._known_times(sample[sensors == name]).size]
        first, *others = with_times or names
        cadence = self._cadence_of(sample[sensors == first])
        for name in others:
            steps = np.diff(self._known_times(sample[sensors == name]))
            if len(steps) < ROWS_TO_TELL - 1:
                continue
            step = float(np.median(steps))
            is_regular = (np.abs(steps - step) < STEADY * step).mean() > 1 - STEADY
            if step < TOO_FAST * cadence or (is_regular and step > cadence / TOO_FAST):
                told = f"{first}: {cadence:g} s, {name}: {step:g} s"
                raise UserError(f"sensors have other cadences ({told}): put each into a file of its own")
        return cadence

    def _known_times(self, sample: pd.DataFrame) -> NDArray[np.float64]:
        times = TimeReader(self.times).read(sample)
        return times[~np.isnan(times)]

    def _cadence_of(self, sample: pd.DataFrame) -> float:
        """Seconds from one frame of a sensor to the next."""
        levels = self._levels(sample.apply(_numbers_in) if len(sample) else sample)
        times = TimeReader(self.times).read(sample)
        again = np.append(False, (np.diff(times) == 0) & (levels[1:] == levels[:-1]).all(axis=1))
        times = times[~np.isnan(levels).all(axis=1) & ~again]
        if not (~np.isnan(times)).any():
            raise UserError(f"the column {self.table.names[self.times.columns[0]]!r} has no times")
        return cadence_of(times, self.reading.cadence)

    def _describe(self) -> str:
        """As what the table is read, in a line."""
        low, high = (nominal(place) for place in (self.band_places[0], self.band_places[-1]))
        weighting = f"{self.bands.weighting}-weighted" if self.bands.weighting != "Z" else "unweighted"
        if not self.bands.is_weighting_told:
            weighting = "taken for unweighted"
        parts = [
            *([self.meter.title] if self.meter else []),
            *([self.table.title] if self.table.title else []),
            f"{len(self.band_places)} bands from {low} to {high} Hz ({self.bands.title}, {weighting})",
            f"a frame every {self.cadence or self.hop_seconds:g} s",
        ]
        if self.times:
            columns = " and ".join(repr(self.table.names[column].strip()) for column in self.times.columns)
            zone = f" ({self.zone})" if self.zone is not None else ""
            parts.append(f"times of {columns}{zone}")
        if self.sensor_column is not None:
            parts.append(f"sensors of {self.table.names[self.sensor_column].strip()!r}")
        return "; ".join(parts)

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        """Say which file a problem is in."""
        try:
            yield
        except UserError as error:
            if str(error).startswith(self.name):
                raise
            raise type(error)(f"{self.name}: {error}") from error


def _are_quantities(cells: pd.Series) -> bool:
    """Whether the rows of a report are named by quantities: LZeq, LZFmax, LZFmin."""
    texts = [str(cell).strip() for cell in cells if cell == cell]
    named = sum(quantity_of(text.lower()).is_told for text in texts)
    return 1 < len(texts) == len(set(texts)) and named > len(texts) / 2


def _is_dead(column: pd.Series) -> bool:
    """Whether a column of levels has none: no number at all, or nothing but zeros in several rows."""
    return not _have_levels(column).any() and (len(column) > 1 or not _numbers_in(column).notna().any())


def _have_levels(column: pd.Series) -> NDArray[np.bool_]:
    """Which cells are numbers other than zero."""
    return (_numbers_in(column).fillna(0) != 0).to_numpy()


def _numbers_in(column: pd.Series) -> pd.Series:
    import pandas as pd

    if column.dtype.kind in "fiu":
        return column
    return pd.to_numeric(column.astype(str).str.strip().str.removesuffix("dB").str.replace(",", "."), errors="coerce")


def _zone_of(column: pd.Series) -> tzinfo | None:
    """Zone of the first cell."""
    if column.dtype.kind == "M":
        return column.dtype.tz
    known = column.dropna()
    match = ZONE_BEHIND_TIME.search(str(known.iloc[0]).strip()) if len(known) else None
    return parse_zone(match[1]) if match else None
