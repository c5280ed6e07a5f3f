"""Times of levels: seconds since 1970, or since a beginning that nobody knows the date of."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Clock", "Times", "as_column", "as_text", "parse_time", "text_of"]

EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))
"""Numbers from the first on count the second's parts of a second since 1970 (from 1973 on); smaller ones are seconds
from the beginning."""

HAS_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
ISO_HINT = "write them as 2024-05-01T12:00:00.125 (ISO 8601) or as seconds since 1970"


class Clock(StrEnum):
    """What times count from."""

    BEGINNING = "seconds from the beginning"
    LOCAL = "seconds since 1970-01-01, on the clock of the file"
    UTC = "seconds since 1970-01-01 UTC"


class Times:
    """Reader of a column of times, whose first value decides how all are read.

    Parameters
    ----------
    first
        value of the column: a number, a text, or a date and time.

    Raises
    ------
    UserError
        where it is no time.
    """

    def __init__(self, first: object) -> None:
        import pandas as pd

        self.divisor = 1.0
        if isinstance(first, int | float | np.number):
            self.clock = Clock.BEGINNING
            for smallest, divisor in EPOCH_UNITS:
                if abs(first) >= smallest:
                    self.clock, self.divisor = Clock.UTC, divisor
                    break
        elif isinstance(first, pd.Timestamp):
            self.clock = Clock.LOCAL if first.tz is None else Clock.UTC
        else:
            self.clock = Clock.UTC if HAS_ZONE.search(str(first).strip()) else Clock.LOCAL

    def read(self, column: pd.Series) -> NDArray[np.float64]:
        """Seconds of each value, (n,); NaN where there is none.

        Raises
        ------
        UserError
            for what is neither a number nor ISO 8601.
        """
        import pandas as pd

        if pd.api.types.is_numeric_dtype(column):
            return column.to_numpy(np.float64, na_value=np.nan) / self.divisor
        try:
            dates = pd.to_datetime(column, format="ISO8601", utc=True)
        except (ValueError, TypeError) as error:
            raise UserError(f"times such as {column.iloc[0]!r} cannot be read: {ISO_HINT}") from error
        stamps = dates.dt.tz_localize(None).to_numpy("datetime64[us]")
        seconds = stamps.astype(np.int64) / 1e6
        return np.where(np.isnat(stamps), np.nan, seconds)


def parse_time(text: str) -> tuple[float, Clock]:
    """Read a time that somebody has typed: seconds, or a date and time in ISO 8601.

    Raises
    ------
    UserError
        for anything else.
    """
    import pandas as pd

    try:
        value: object = float(text)
    except ValueError:
        value = text
    times = Times(value)
    return float(times.read(pd.Series([value]))[0]), times.clock


def as_column(times: NDArray[np.float64], clock: Clock) -> pd.Series:
    """Times as a column of a table: seconds from the beginning, or dates and times to the millisecond."""
    import pandas as pd

    if clock is Clock.BEGINNING:
        return pd.Series(times.round(3), dtype=np.float64)
    stamps = pd.Series(np.round(times * 1e3).astype("datetime64[ms]"))
    return stamps.dt.tz_localize("UTC") if clock is Clock.UTC else stamps


def as_text(times: NDArray[np.float64], clock: Clock) -> NDArray:
    """Times as a column of text: seconds from the beginning, or ISO 8601 to the millisecond."""
    if clock is Clock.BEGINNING:
        return times.round(3)
    texts = np.datetime_as_string(np.round(times * 1e3).astype("datetime64[ms]"))
    return np.char.add(texts, "Z") if clock is Clock.UTC else texts


def text_of(time: float, clock: Clock) -> str:
    """A time for people to read."""
    if clock is Clock.BEGINNING:
        return f"{time:.3f} s"
    text = str(np.datetime64(round(time * 1e3), "ms")).replace("T", " ")
    return f"{text}Z" if clock is Clock.UTC else text
