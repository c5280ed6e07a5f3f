"""What the cells of a column are: dates and times of some kind, or none."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.times.clock import epoch_divisor
from spectral_transcoder.sensor.times.compact import STAMP_OF_DIGITS, is_day
from spectral_transcoder.sensor.times.dates import STAMP, parse_stamps
from spectral_transcoder.sensor.times.zones import ZONE_BEHIND_TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Kind", "is_called_time", "is_rising", "kind_of", "known_cells", "numbers_of"]

TIME_NAME = re.compile(
    r"(?:date|time|timestamp|datetime|epoch|zeit\w*|uhrzeit|datum|heure|temps|horodatage|fecha|hora|tiempo|hour|début|t|utc"
    r"|elapsed"
    r"|seconds)(?![a-z])|(?:date|time|epoch)",
    re.IGNORECASE,
)
MOSTLY = 0.8
"""Share of the first cells that must be times."""

EXCEL_DAYS = (20_000, 80_000)
"""Days since 1899-12-30, from 1954 to 2119."""

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

    PARTS = 7
    """Year, month, day, hour, minute and second in columns of their own."""


def kind_of(column: pd.Series, name: str, asked: str | None = None) -> Kind | None:
    """What the cells of a column are; None where they are no times.

    Parameters
    ----------
    column
        the first of them.
    name
        of the column.
    asked
        name of the one that somebody has said to be the times.
    """
    if column.dtype.kind == "M":
        return Kind.STAMP if getattr(column.dtype, "tz", None) is None else Kind.STAMP_WITH_ZONE
    known = known_cells(column)
    if not known.size:
        return None
    texts = [str(cell).strip() for cell in known]
    is_called = is_called_time(name) or (asked is not None and asked.strip() == name.strip())
    if is_called and _are_mostly(texts, is_day):
        return Kind.DATE
    if _are_mostly(texts, STAMP_OF_DIGITS.fullmatch):
        return Kind.STAMP_WITH_ZONE if STAMP_OF_DIGITS.fullmatch(texts[0])[8] else Kind.STAMP
    numbers = numbers_of(column)
    if np.isfinite(numbers).mean() >= MOSTLY:
        return _kind_of_numbers(numbers[np.isfinite(numbers)], is_called=is_called)
    return _kind_of_texts(texts)


def _are_mostly(texts: Sequence[str], are: Callable[[str], object]) -> bool:
    return sum(bool(are(text)) for text in texts) >= MOSTLY * len(texts)


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


def is_rising(column: pd.Series) -> bool:
    """Whether times of day mostly go on."""
    seconds = parse_stamps(column, "ymd")
    return not len(seconds) > 1 or bool(np.nanmedian(np.diff(seconds)) >= 0)


def is_called_time(name: str) -> bool:
    """Whether a column is called time, or date, or the like."""
    return TIME_NAME.match(name.rsplit("/", 1)[-1].replace("_", " ").strip()) is not None


def known_cells(column: pd.Series) -> NDArray:
    """Cells that are not empty."""
    known = column.dropna()
    return known[known.astype(str).str.strip() != ""].to_numpy()


def numbers_of(column: pd.Series) -> NDArray[np.float64]:
    """Cells as numbers; NaN for those that are none."""
    import pandas as pd

    cells = column if column.dtype.kind in "fiu" else pd.Series(known_cells(column))
    return pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan)
