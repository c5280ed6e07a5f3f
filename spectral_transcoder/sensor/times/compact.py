"""Dates and times that are nothing but digits, or that are in columns of their own: 20240501, 20240501T120000."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["STAMP_OF_DIGITS", "TIME_OF_DIGITS", "find_parts", "from_parts", "is_day", "spelled_out"]

DAY = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])([0-3]\d)(?:\.0)?")
STAMP_OF_DIGITS = re.compile(
    r"((?:19|20)\d\d)(0[1-9]|1[0-2])([0-3]\d)[T _-]?([01]\d|2[0-3])([0-5]\d)([0-5]\d)(?:[.,](\d+))?"
    r"(?: *(Z|[+-]\d\d(?::?\d\d)?))?"
)
TIME_OF_DIGITS = re.compile(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d)(?:[.,](\d+))?")

PART_NAMES = (
    ("year", "jahr", "année", "annee", "año", "yyyy"),
    ("month", "monat", "mois", "mes", "mm"),
    ("day", "tag", "jour", "día", "dia", "dd"),
    ("hour", "stunde", "heure", "hora", "hh"),
    ("minute", "min", "minuto", "mi"),
    ("second", "sec", "sekunde", "seconde", "segundo", "ss"),
)
"""Of columns of numbers, in the order of a date and time."""


def is_day(text: str) -> bool:
    """Whether eight digits are a date of the years 1900 to 2099."""
    match = DAY.fullmatch(text)
    try:
        return match is not None and bool(date(*map(int, match.groups())))
    except ValueError:
        return False


def spelled_out(text: str) -> str:
    """A date and time of digits with marks between them; any other text as it is."""
    if is_day(text):
        return "-".join(DAY.fullmatch(text).groups())
    if match := STAMP_OF_DIGITS.fullmatch(text):
        year, month, day, hour, minute, second, part, zone = match.groups()
        return f"{year}-{month}-{day}T{hour}:{minute}:{second}.{part or '0'}{zone or ''}"
    if match := TIME_OF_DIGITS.fullmatch(text):
        return f"{match[1]}:{match[2]}:{match[3]}.{match[4] or '0'}"
    return text


def find_parts(names: Sequence[str]) -> tuple[int, ...] | None:
    """Positions of the columns of year, month, day, hour, minute and second; None where one is missing."""
    forms = [(name.strip().lower(), name.strip().lower().removesuffix("s")) for name in names]
    found = [
        next((column for column, form in enumerate(forms) if not set(words).isdisjoint(form)), None)
        for words in PART_NAMES
    ]
    return None if None in found else tuple(found)


def from_parts(cells: pd.DataFrame, columns: Sequence[int]) -> NDArray[np.float64]:
    """Seconds since 1970 of rows with year, month, day, hour, minute and second; (n,), NaN where there is no time.

    Parameters
    ----------
    cells
        of numbers, or texts of numbers.
    columns
        positions of the six, in this order.
    """
    import pandas as pd

    numbers = [pd.to_numeric(cells[column].astype(str).str.replace(",", "."), errors="coerce") for column in columns]
    year, month, day, hour, minute, second = numbers
    days = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce")
    stamps = days.to_numpy("datetime64[us]")
    midnight = np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)
    return midnight + (3600 * hour + 60 * minute + second).to_numpy(np.float64)
