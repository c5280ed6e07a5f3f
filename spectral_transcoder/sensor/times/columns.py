"""Which columns of a table are its times, found by their cells and then by their names, and how to read them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.bands.choosing import shown
from spectral_transcoder.sensor.times.clock import ISO_HINT, Clock, epoch_divisor
from spectral_transcoder.sensor.times.dates import DATE_ORDERS, STAMP, parse_stamps, parts_of
from spectral_transcoder.sensor.times.zones import ZONE_BEHIND_TIME, LocalClock, parse_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import tzinfo

    import pandas as pd
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.times.dates import Parts

__all__ = ["TimeColumns", "TimeReader", "dates_in", "find_times", "is_in_utc", "zone_of_column"]

TIME_NAME = re.compile(
    r"(?:date|time|timestamp|datetime|epoch|zeit|uhrzeit|datum|heure|horodatage|fecha|hora|t|utc|elapsed|seconds)"
    r"(?![a-z])|(?:date|time|epoch)",
    re.IGNORECASE,
)
ZONE_NAME = re.compile(r"(?:time *_?zone|^tz$|zone)", re.IGNORECASE)
OTHER_CLOCK = re.compile(
    r"location|gps|start|begin|end(?:$|[^a-z])|stop|created|upload|receiv|server|timer|duration|run ?time|zone|adjust",
    re.IGNORECASE,
)
"""Names of times that are not those of the levels, where there are others."""

IN_UTC = re.compile(r"(?<![a-z])(?:utc|gmt)(?![a-z+-])", re.IGNORECASE)
IN_MILLISECONDS = re.compile(r"(?<![a-z])(?:ms|msec|milli\w*)(?![a-z])|milliseconds", re.IGNORECASE)
MOSTLY = 0.8
"""Share of the first cells that must be times."""

EXCEL_DAYS = (20_000, 80_000)
"""Days since 1899-12-30, from 1954 to 2119."""

EXCEL_EPOCH_DAYS = 25_569
LONGEST_STEP_S = 7200


class Kind(IntEnum):
    """What the cells of a column are; the lower, the better as times."""

    STAMP_WITH_ZONE = 0
    EPOCH = 1
    STAMP = 2
    DATE = 3
    """A date alone: the time is in another column."""

    EXCEL = 4
    ELAPSED = 5
    """Seconds from the beginning."""

    TIME = 6
    """A time of day, or one since the beginning, without a date."""


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
        if self.kind in (Kind.ELAPSED, Kind.TIME):
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
        self.days = 0

    def read(self, cells: pd.DataFrame) -> NDArray[np.float64]:
        """Seconds of each row, (n,); NaN where there is no time that can be read."""
        columns = self.columns
        if columns.has_text:
            seconds = self._texts(cells)
        else:
            import pandas as pd

            numbers = pd.to_numeric(cells[columns.columns[0]], errors="coerce").to_numpy(np.float64, na_value=np.nan)
            excel = columns.kind is Kind.EXCEL
            # A day of Excel is a double: what is below a tenth of a millisecond is rounding.
            seconds = ((numbers - EXCEL_EPOCH_DAYS) * 86400).round(4) if excel else numbers / columns.divisor
        if columns.kind is Kind.TIME:
            seconds = self._past_midnight(seconds)
        return self.local.to_utc(seconds) if self.local else seconds

    def _texts(self, cells: pd.DataFrame) -> NDArray[np.float64]:
        first, *rest = (cells[column] for column in self.columns.columns)
        if first.dtype.kind == "M":
            return _stamps_to_seconds(first)
        if not rest:
            return parse_stamps(first, self.columns.order)
        days = parse_stamps(first, self.columns.order)
        return np.floor(days / 86400) * 86400 + parse_stamps(rest[0], "ymd") % 86400

    def _past_midnight(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times of day that go on after midnight."""
        steps = np.diff(seconds, prepend=seconds[0] if np.isnan(self.last) else self.last)
        days = self.days + np.cumsum(steps < -86400 / 2)
        self.last, self.days = float(seconds[-1]), int(days[-1])
        return seconds + 86400 * days


NEEDS_NO_ZONE = (Kind.STAMP_WITH_ZONE, Kind.EPOCH, Kind.ELAPSED, Kind.TIME)


def _stamps_to_seconds(column: pd.Series) -> NDArray[np.float64]:
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    stamps = column.to_numpy("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)


def find_times(
    names: Sequence[str], sample: pd.DataFrame, *, others: Collection[int] = (), asked: str | None = None
) -> TimeColumns | None:
    """Find the times of a table.

    Parameters
    ----------
    names
        of all columns.
    sample
        the first rows, columns by position.
    others
        positions of columns that are bands.
    asked
        name of the column, if somebody has said so; two unnamed columns are told apart by their cells.

    Returns
    -------
    TimeColumns or None
        with the order of dates and the zone still to be set; None where no column is like times.

    Raises
    ------
    UserError
        where there is no column of the name that was asked for, or one that is called time cannot be read.
    """
    kinds = {
        column: kind
        for column in sample
        if column not in others and (kind := _kind_of(sample[column], names[column], asked)) is not None
    }
    if asked is not None:
        wanted = [column for column in sample if names[column].strip() == asked.strip()]
        if not wanted:
            raise UserError(f"there is no column {asked!r}: {shown(names)}")
        readable = [column for column in wanted if column in kinds]
        if not readable:
            raise UserError(_unreadable(names[wanted[0]], sample[wanted[0]]))
        return _with_partner(readable[0], kinds, names, sample)
    if not kinds:
        called = [column for column in sample if column not in others and _is_called_time(names[column])]
        called = [column for column in called if _known(sample[column]).size]
        if called:
            raise UserError(_unreadable(names[called[0]], sample[called[0]]))
        return None
    candidates = [_with_partner(column, kinds, names, sample) for column in kinds]
    return min(candidates, key=lambda found: _demerits(found, names, sample))


def _with_partner(column: int, kinds: dict[int, Kind], names: Sequence[str], sample: pd.DataFrame) -> TimeColumns:
    """A column, with that of times of day where it is one of dates."""
    kind = kinds[column]
    if kind is Kind.EPOCH:
        return TimeColumns(kind, (column,), epoch_divisor(float(np.nanmedian(_numbers(sample[column])))) or 1.0)
    if kind is Kind.ELAPSED and IN_MILLISECONDS.search(names[column]):
        return TimeColumns(kind, (column,), 1000.0)
    if kind is Kind.DATE or (kind is Kind.TIME and Kind.DATE in kinds.values()):
        days = [other for other, its in kinds.items() if its is Kind.DATE]
        times = [other for other, its in kinds.items() if its is Kind.TIME and _is_rising(sample[other])]
        days = [column] if kind is Kind.DATE else days
        times = [column] if kind is Kind.TIME else times
        if times:
            best = min(times, key=lambda other: (bool(OTHER_CLOCK.search(names[other])), other))
            return TimeColumns(Kind.DATE, (days[0], best))
    return TimeColumns(kind, (column,))


def _demerits(found: TimeColumns, names: Sequence[str], sample: pd.DataFrame) -> tuple:
    """What speaks against columns as the times of the levels, the heaviest first."""
    is_alone = found.kind is Kind.DATE and len(found.columns) == 1
    has_no_date = found.kind in (Kind.ELAPSED, Kind.TIME)
    other = any(OTHER_CLOCK.search(names[column]) for column in found.columns)
    return (
        is_alone or not _is_going_on(found, sample),
        has_no_date,
        other,
        found.kind,
        not _is_called_time(names[found.columns[0]]),
        found.columns,
    )


def _is_going_on(found: TimeColumns, sample: pd.DataFrame) -> bool:
    """Whether most times are later than those of the row before, in one order of dates or another."""
    for order in DATE_ORDERS:
        seconds = TimeReader(replace(found, order=order)).read(sample)
        known = seconds[~np.isnan(seconds)]
        if len(known) > len(seconds) / 2 and (len(known) < 2 or np.median(np.diff(known)) > 0):
            return True
    return False


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


def zone_of_column(names: Sequence[str], sample: pd.DataFrame, others: Collection[int]) -> tzinfo | None:
    """Zone that a column tells; None where none does.

    Raises
    ------
    UserError
        where it tells several.
    """
    for column in sample:
        if column in others or not ZONE_NAME.search(names[column]):
            continue
        cells = dict.fromkeys(map(str, _known(sample[column])))
        try:
            zones = [parse_zone(cell) for cell in cells]
        except UserError:
            continue
        if len(zones) > 1:
            raise UserError(f"the column {names[column]!r} has several zones ({', '.join(cells)}): give one by --zone")
        if zones:
            return zones[0]
    return None


def is_in_utc(found: TimeColumns, names: Sequence[str]) -> bool:
    """Whether the name of a column says that its times are UTC."""
    return any(IN_UTC.search(names[column].replace("_", " ")) for column in found.columns)


def _kind_of(column: pd.Series, name: str, asked: str | None) -> Kind | None:
    if column.dtype.kind == "M":
        return Kind.STAMP if getattr(column.dtype, "tz", None) is None else Kind.STAMP_WITH_ZONE
    if not _known(column).size:
        return None
    numbers = _numbers(column)
    if np.isfinite(numbers).mean() >= MOSTLY:
        is_called = _is_called_time(name) or (asked is not None and asked.strip() == name.strip())
        return _kind_of_numbers(numbers[np.isfinite(numbers)], is_called=is_called)
    return _kind_of_texts([str(cell).strip() for cell in _known(column)])


def _kind_of_numbers(numbers: NDArray[np.float64], *, is_called: bool) -> Kind | None:
    steps = np.diff(numbers)
    is_rising = not len(steps) or np.median(steps) >= 0
    if (divisor := epoch_divisor(float(np.median(numbers)))) is not None:
        is_likely = is_rising and (not len(steps) or np.median(steps) / divisor <= LONGEST_STEP_S)
        return Kind.EPOCH if is_called or is_likely else None
    lowest, highest = EXCEL_DAYS
    if ((numbers > lowest) & (numbers < highest)).all() and (numbers % 1).any() and len(steps):
        return Kind.EXCEL if 0 < np.median(steps) * 86400 <= LONGEST_STEP_S else None
    return Kind.ELAPSED if is_called and is_rising else None


def _kind_of_texts(texts: list[str]) -> Kind | None:
    matches = [match for text in texts if (match := STAMP.fullmatch(text)) and (match["first"] or match["hour"])]
    if len(matches) < MOSTLY * len(texts):
        return None
    have_dates = sum(match["first"] is not None for match in matches) > len(matches) / 2
    have_times = sum(match["hour"] is not None for match in matches) > len(matches) / 2
    if not have_dates:
        return Kind.TIME
    at_midnight = all(re.fullmatch(r"0?0", match["hour"] or "0") and not int(match["minute"] or 0) for match in matches)
    if not have_times or (at_midnight and len(matches) > 1 and len({match[0] for match in matches}) == 1):
        return Kind.DATE
    has_zone = sum(ZONE_BEHIND_TIME.search(text) is not None for text in texts) > len(texts) / 2
    return Kind.STAMP_WITH_ZONE if has_zone else Kind.STAMP


def _is_rising(column: pd.Series) -> bool:
    seconds = parse_stamps(column, "ymd")
    return not len(seconds) > 1 or bool(np.nanmedian(np.diff(seconds)) >= 0)


def _is_called_time(name: str) -> bool:
    return TIME_NAME.match(name.rsplit("/", 1)[-1].replace("_", " ").strip()) is not None


def _known(column: pd.Series) -> NDArray:
    """Cells that are not empty."""
    known = column.dropna()
    return known[known.astype(str).str.strip() != ""].to_numpy()


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    import pandas as pd

    cells = column if column.dtype.kind in "fiu" else pd.Series(_known(column))
    return pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _unreadable(name: str, column: pd.Series) -> str:
    known = _known(column)
    if not len(known):
        return f"the column {name!r} has no times"
    return f"the column {name!r}: times such as {str(known[0])!r} cannot be read: {ISO_HINT}"
