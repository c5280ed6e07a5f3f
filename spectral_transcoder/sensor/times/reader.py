"""The times of successive rows, read from the columns that have them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.times.clock import Clock
from spectral_transcoder.sensor.times.compact import from_parts
from spectral_transcoder.sensor.times.dates import DATE_ORDERS, parse_stamps, parts_of
from spectral_transcoder.sensor.times.kinds import Kind
from spectral_transcoder.sensor.times.zones import LocalClock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    import pandas as pd
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.times.dates import Parts

__all__ = ["HAVE_NO_DATE", "TimeColumns", "TimeReader", "dates_in", "go_through_midnight"]

DAY_S = 86_400
NEAR_MIDNIGHT_S = 3600
EXCEL_EPOCH_DAYS = 25_569
HAVE_NO_DATE = (Kind.ELAPSED, Kind.TIME)
NEEDS_NO_ZONE = (Kind.STAMP_WITH_ZONE, Kind.EPOCH, *HAVE_NO_DATE)


@dataclass(frozen=True)
class TimeColumns:
    """The column of times of a table, or those of dates and of times of day."""

    kind: Kind
    columns: tuple[int, ...]
    """Positions; of a date and a time apart, both."""

    divisor: float = 1.0
    """Of numbers, what counts a second."""

    order: str = "ymd"
    """Of day, month and year."""

    zone: tzinfo | None = None
    """Of the clock, where cells have none."""

    @property
    def clock(self) -> Clock:
        """What the times count from."""
        if self.kind in HAVE_NO_DATE:
            return Clock.BEGINNING
        has_zone = self.kind in (Kind.STAMP_WITH_ZONE, Kind.EPOCH) or self.zone is not None
        return Clock.UTC if has_zone else Clock.LOCAL

    @property
    def has_text(self) -> bool:
        """Whether the cells are texts, not numbers."""
        return self.kind in (Kind.STAMP_WITH_ZONE, Kind.STAMP, Kind.DATE, Kind.TIME)


class TimeReader:
    """Reads the times of successive rows."""

    def __init__(self, columns: TimeColumns) -> None:
        self.columns = columns
        self.local = LocalClock(columns.zone) if columns.zone and columns.kind not in NEEDS_NO_ZONE else None
        self.last = np.nan
        """Time of day of the row before, s."""

        self.day = np.nan
        """The day that it was, s; of times without dates counted from that of the first row."""

    @property
    def begins_unsure(self) -> bool:
        """Whether the times read so far begin in the hour that comes twice, and nothing tells in which round."""
        return self.local is not None and self.local.begins_unsure

    def read(self, cells: pd.DataFrame) -> NDArray[np.float64]:
        """Seconds of each row, (n,); NaN where there is no time that can be read."""
        columns = self.columns
        if columns.has_text:
            seconds = self._texts(cells)
        elif columns.kind is Kind.PARTS:
            seconds = from_parts(cells, columns.columns)
        else:
            import pandas as pd

            numbers = pd.to_numeric(cells[columns.columns[0]], errors="coerce").to_numpy(np.float64, na_value=np.nan)
            excel = columns.kind is Kind.EXCEL
            # A day of Excel is a double: what is below a tenth of a millisecond is rounding.
            seconds = ((numbers - EXCEL_EPOCH_DAYS) * DAY_S).round(4) if excel else numbers / columns.divisor
        return self.local.to_utc(seconds) if self.local else seconds

    def _texts(self, cells: pd.DataFrame) -> NDArray[np.float64]:
        first, *rest = (cells[column] for column in self.columns.columns)
        if first.dtype.kind == "M":
            return _stamps_to_seconds(first)
        seconds = parse_stamps(first, self.columns.order)
        if self.columns.kind is Kind.TIME:
            return self._dated(np.full(len(seconds), np.nan), seconds, first=0.0)
        if not rest:
            return seconds
        has_none = first.isna() | (first.astype(str).str.strip() == "")
        days = np.floor(seconds / DAY_S) * DAY_S
        times = parse_stamps(rest[0], "ymd") % DAY_S
        return self._dated(days, times) if has_none.any() else days + times

    def _dated(
        self, days: NDArray[np.float64], times: NDArray[np.float64], *, first: float = np.nan
    ) -> NDArray[np.float64]:
        """Times of day with their days: where none is told, that of the row before, or past midnight the next."""
        seconds = np.full(len(times), np.nan)
        for row, (day, time) in enumerate(zip(days.tolist(), times.tolist(), strict=True)):
            if np.isnan(time):
                continue
            if not np.isnan(day):
                self.day = day
            elif np.isnan(self.day):
                self.day = first
            elif time < self.last - DAY_S / 2:
                self.day += DAY_S
            self.last = time
            seconds[row] = self.day + time
        return seconds


def _stamps_to_seconds(column: pd.Series) -> NDArray[np.float64]:
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    stamps = column.to_numpy("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)


def dates_in(found: TimeColumns, tables: Iterable[pd.DataFrame]) -> Iterable[Parts]:
    """Different dates of text columns, in their order."""
    if not found.has_text or found.kind is Kind.TIME:
        return
    for table in tables:
        column = table[found.columns[0]]
        if column.dtype.kind == "M":
            return
        # All but the time, lest each row be looked at.
        for text in dict.fromkeys(re.split(r"[T ,;]+(?=\d+[:h])", str(cell).strip())[0] for cell in column):
            parts = parts_of(text)
            if parts is not None:
                yield parts


def go_through_midnight(found: TimeColumns, tables: Iterable[pd.DataFrame]) -> bool:
    """Whether times of day fall from shortly before midnight to shortly behind it, the first time that they fall."""
    readers = [TimeReader(replace(found, zone=None, order=order)) for order in DATE_ORDERS]
    last = np.nan
    for table in tables:
        # Times of day are the same in all orders of dates that can be read.
        seconds = max((reader.read(table) for reader in readers), key=lambda read: np.count_nonzero(~np.isnan(read)))
        of_day = np.concatenate([[last], seconds[~np.isnan(seconds)] % DAY_S])
        falls = np.flatnonzero(np.diff(of_day) < -DAY_S / 2)  # by less, a clock was set
        if len(falls):
            return bool(of_day[falls[0]] > DAY_S - NEAR_MIDNIGHT_S and of_day[falls[0] + 1] < NEAR_MIDNIGHT_S)
        last = of_day[-1]
    return False
