"""Which columns of a table are its times, found by their cells and then by their names."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.bands.choosing import shown
from spectral_transcoder.sensor.times.clock import ISO_HINT, epoch_divisor
from spectral_transcoder.sensor.times.compact import TIME_OF_DIGITS, find_parts
from spectral_transcoder.sensor.times.dates import DATE_ORDERS
from spectral_transcoder.sensor.times.kinds import Kind, is_called_time, is_rising, kind_of, known_cells, numbers_of
from spectral_transcoder.sensor.times.reader import HAVE_NO_DATE, TimeColumns, TimeReader
from spectral_transcoder.sensor.times.zones import parse_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import tzinfo

    import pandas as pd

__all__ = ["find_times", "is_in_utc", "zone_of_column"]

ZONE_NAME = re.compile(r"(?:time *_?zone|^tz$|zone)", re.IGNORECASE)
OTHER_CLOCK = re.compile(
    r"location|gps|start|begin|end(?:$|[^a-z])|stop|created|upload|receiv|server|timer|duration|run ?time|zone|adjust",
    re.IGNORECASE,
)
"""Names of times that are not those of the levels, where there are others."""

ELAPSED = re.compile(r"elapsed|(?<![a-z])(?:run|rel(?:ative)?)[ _-]*time", re.IGNORECASE)
"""Names of times that begin with the measurement, which are no times of the day of a date beside them."""

IN_UTC = re.compile(r"(?<![a-z])(?:utc|gmt)(?![a-z+-])", re.IGNORECASE)
IN_MILLISECONDS = re.compile(r"(?<![a-z])(?:ms|msec|milli\w*)(?![a-z])|milliseconds", re.IGNORECASE)


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
    kinds = _kinds(names, sample, others, asked)
    if asked is not None:
        wanted = [column for column in sample if names[column].strip() == asked.strip()]
        if not wanted:
            raise UserError(f"there is no column {asked!r}: {shown(names)}")
        readable = [column for column in wanted if column in kinds]
        if not readable:
            raise UserError(_unreadable(names[wanted[0]], sample[wanted[0]]))
        return _with_partner(readable[0], kinds, names, sample)
    candidates = [_with_partner(column, kinds, names, sample) for column in kinds]
    if parts := find_parts(names):
        candidates.append(TimeColumns(Kind.PARTS, parts))
    best = min(candidates, key=lambda found: _demerits(found, names, sample), default=None)
    if best is None or best.kind in HAVE_NO_DATE:
        _check_others(names, sample, {*others, *kinds})
    return best


def _kinds(names: Sequence[str], sample: pd.DataFrame, others: Collection[int], asked: str | None) -> dict[int, Kind]:
    """What the columns are that hold dates or times."""
    kinds = {
        column: kind
        for column in sample
        if column not in others and (kind := kind_of(sample[column], names[column], asked)) is not None
    }
    if Kind.DATE in kinds.values():
        for column, kind in kinds.items():
            cells = known_cells(sample[column])
            if kind is Kind.ELAPSED and all(TIME_OF_DIGITS.fullmatch(str(cell).strip()) for cell in cells):
                kinds[column] = Kind.TIME
    return kinds


def _check_others(names: Sequence[str], sample: pd.DataFrame, known: Collection[int]) -> None:
    """Refuse a table of whose dates and times nothing is known but of one column that is called so."""
    for column in sample:
        name, cells = names[column], sample[column]
        if column in known or not is_called_time(name) or OTHER_CLOCK.search(name) or not known_cells(cells).size:
            continue
        if not np.isfinite(numbers_of(cells)).all():
            raise UserError(_unreadable(name, cells))


def _with_partner(column: int, kinds: dict[int, Kind], names: Sequence[str], sample: pd.DataFrame) -> TimeColumns:
    """A column, with that of times of day where it is one of dates."""
    kind = kinds[column]
    if kind is Kind.EPOCH:
        return TimeColumns(kind, (column,), epoch_divisor(float(np.nanmedian(numbers_of(sample[column])))) or 1.0)
    if kind is Kind.ELAPSED and IN_MILLISECONDS.search(names[column]):
        return TimeColumns(kind, (column,), 1000.0)
    if kind is Kind.DATE or (kind is Kind.TIME and Kind.DATE in kinds.values()):
        days = [other for other, its in kinds.items() if its is Kind.DATE]
        times = [
            other
            for other, its in kinds.items()
            if its is Kind.TIME and is_rising(sample[other]) and not ELAPSED.search(names[other])
        ]
        days = [column] if kind is Kind.DATE else days
        times = [column] if kind is Kind.TIME else times
        if times and not ELAPSED.search(names[times[0]]):
            best = min(times, key=lambda other: (bool(OTHER_CLOCK.search(names[other])), other))
            return TimeColumns(Kind.DATE, (days[0], best))
    return TimeColumns(kind, (column,))


def _demerits(found: TimeColumns, names: Sequence[str], sample: pd.DataFrame) -> tuple:
    """What speaks against columns as the times of the levels, the heaviest first."""
    is_alone = found.kind is Kind.DATE and len(found.columns) == 1
    has_no_date = found.kind in HAVE_NO_DATE
    other = any(OTHER_CLOCK.search(names[column]) for column in found.columns)
    return (
        is_alone or not _is_going_on(found, sample),
        has_no_date,
        other,
        found.kind,
        not is_called_time(names[found.columns[0]]),
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
        cells = dict.fromkeys(map(str, known_cells(sample[column])))
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


def _unreadable(name: str, column: pd.Series) -> str:
    known = known_cells(column)
    if not len(known):
        return f"the column {name!r} has no times"
    return f"the column {name!r}: times such as {str(known[0])!r} cannot be read: {ISO_HINT}"
