"""Dates and times as meters write them, to seconds; the order of day and month told by the dates themselves."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.times.compact import spelled_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["DATE_ORDERS", "STAMP", "decide_order", "hint_in", "parse_stamps", "parts_of"]

DATE = r"(?P<first>\d{1,4})(?P<by>[-/.]| (?=\w))(?P<second>\d{1,2}|[^\W\d_]{3,9})\.?(?P=by)(?P<third>\d{2,4})"
TIME = (
    r"(?P<hour>\d{1,2})[:h](?P<minute>\d\d)(?:[:m](?P<whole>\d\d)(?:[.,:](?P<part>\d{1,9}))?s?)?"
    r"(?: *(?P<half>[AaPp])\.? ?[Mm]\.?)?"
)
STAMP = re.compile(
    rf"(?:[^\W\d_]{{2,9}}\.?,? +)?(?:{DATE})?(?:(?:^|[T ,;_]| - ) *(?:{TIME}))?"
    r"(?: *(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?[+-]\d\d(?::?\d\d)?))?"
)
"""A date, a time or both, all of a cell."""

ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?")

DATE_ORDERS = {"ymd": "year first", "dmy": "day first", "mdy": "month first"}

MONTHS = {
    beginning: number
    for number, beginnings in enumerate(
        (
            "jan ene gen", "feb fév fev", "mar mär mrz", "apr avr abr", "may mai mag", "jun jui giu", "jul juil lug",
            "aug aoû aou ago", "sep set", "oct okt ott", "nov", "dec dez déc dic",
        ),
        1,
    )
    for beginning in beginnings.split()
}  # fmt: skip
"""By the first letters of names: English, German, French, Spanish, Italian."""

HINTS = (
    ("ymd", re.compile(r"(?<![a-z])(?:y{2,4}|j{4}|a{4})[-/. ]?m{1,2}[-/. ]?[dtj]{1,2}(?![a-z])", re.IGNORECASE)),
    ("dmy", re.compile(r"(?<![a-z])[dtj]{1,2}[-/. ]?m{1,3}[-/. ]?(?:y{2,4}|j{2,4}|a{2,4})(?![a-z])", re.IGNORECASE)),
    ("mdy", re.compile(r"(?<![a-z])m{1,2}[-/. ]?d{1,2}[-/. ]?y{2,4}(?![a-z])", re.IGNORECASE)),
)
"""Orders spelled out, as in a row of units: [YYYY-MM-DD]."""

Parts = tuple[str, str, str, str]
"""First, second and third number of a date, and what separates them."""

CENTURY = 2000


def parts_of(text: str) -> Parts | None:
    """Numbers of the date in a cell; None where there is no date."""
    match = STAMP.fullmatch(spelled_out(text.strip()))
    return (match["first"], match["second"], match["third"], match["by"]) if match and match["first"] else None


def hint_in(lines: Iterable[str]) -> str | None:
    """Order of dates that is spelled out in one of the lines; None where there is none."""
    return next((order for line in lines for order, pattern in HINTS if pattern.search(line)), None)


def _date(parts: Parts, order: str) -> date | None:
    """The date, read in an order; None where it cannot be."""
    year, month, day = (parts[order.index(letter)] for letter in "ymd")
    number = _month(month)
    if number is None or not (year.isdigit() and day.isdigit()) or len(year) == 3 or len(day) > 2:
        return None
    try:
        return date(int(year) + (CENTURY if len(year) <= 2 else 0), number, int(day))
    except ValueError:
        return None


def _month(text: str) -> int | None:
    if text.isdigit():
        return int(text) if len(text) <= 2 else None
    return MONTHS.get(text.lower()[:4]) or MONTHS.get(text.lower()[:3])


def _orders_of(parts: Parts) -> set[str]:
    """Orders in which a date can be read."""
    if parts[3] == "." and len(parts[0]) <= 2:
        return {"dmy"} if _date(parts, "dmy") else set()  # nobody writes the month first with points
    if not parts[1].isdigit() and len(parts[0]) <= 2 and len(parts[2]) <= 2:
        return {"dmy"} if _date(parts, "dmy") else set()  # nor a year of two digits before the name of a month
    return {order for order in DATE_ORDERS if _date(parts, order)}


def decide_order(
    dates: Iterable[Parts], *, asked: str | None = None, hint: str | None = None, at_midnight: bool = False
) -> str:
    """Order of day, month and year that fits all dates of a file.

    Parameters
    ----------
    dates
        different ones, in the order of the file.
    asked
        ymd, dmy or mdy, if a person has said so.
    hint
        the same, if the file has.
    at_midnight
        whether rows go on through midnight where the date changes, so that it is that of the next day. Of several dates
        those that are successive in one order are so too; of two, this may be by chance: 1 May and 1 June.

    Raises
    ------
    UserError
        where no order fits all dates, or several do and give other dates; both readings are shown.
    """
    dates = list(dict.fromkeys(dates))
    fitting = set(DATE_ORDERS)
    for parts in dates:
        fitting &= _orders_of(parts)
    for order in (asked, hint):
        if order is not None and (order in fitting or order == asked):
            return order
    if not fitting:
        raise UserError(f"dates such as {_text(dates[0])} fit no order of day, month and year")
    readings = {order: [_date(parts, order) for parts in dates] for order in DATE_ORDERS if order in fitting}
    if len({tuple(found) for found in readings.values()}) > 1:
        successive = {order: found for order, found in readings.items() if _is_successive(found)}
        readings = (successive if at_midnight or len(dates) > 2 else {}) or readings
    if len({tuple(found) for found in readings.values()}) > 1:
        shown = " or ".join(f"{found[0]:%d %B %Y} ({DATE_ORDERS[order]})" for order, found in readings.items())
        raise UserError(
            f"dates such as {_text(dates[0])} can be {shown}: say which by --date_order {' or '.join(readings)}"
        )
    return next(iter(readings))


def _is_successive(dates: list[date]) -> bool:
    """Whether there are several days, one after the other."""
    return len(dates) > 1 and all((later - sooner).days == 1 for sooner, later in pairwise(dates))


def _text(parts: Parts) -> str:
    return parts[3].join(parts[:3])


def parse_stamps(column: pd.Series, order: str) -> NDArray[np.float64]:
    """Seconds of texts: since 1970 with a date, since midnight without one.

    Parameters
    ----------
    column
        texts, (n,).
    order
        of day, month and year.

    Returns
    -------
    (n,), NaN for what is no date and time
    """
    import pandas as pd

    texts = column.astype(str).fillna("").str.strip()
    if not texts.map(lambda text: bool(ISO.fullmatch(text))).all():
        texts = texts.map(lambda text: _to_iso(text, order))
    stamps = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    stamps = stamps.dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)


def _to_iso(text: str, order: str) -> str | None:
    """A date and time as ISO 8601 has it; of times alone, those of 1970-01-01."""
    match = STAMP.fullmatch(spelled_out(text))
    if not match or not (match["first"] or match["hour"]):
        return None
    day = "1970-01-01"
    if match["first"]:
        found = _date((match["first"], match["second"], match["third"], match["by"]), order)
        if found is None:
            return None
        day = found.isoformat()
    hour = int(match["hour"] or 0)
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"] in "Pp")
    zone = (match["zone"] or "").removeprefix("UTC").removeprefix("GMT") or ("Z" if match["zone"] else "")
    return f"{day}T{hour:02}:{match['minute'] or '00'}:{match['whole'] or '00'}.{match['part'] or '0'}{zone}"
