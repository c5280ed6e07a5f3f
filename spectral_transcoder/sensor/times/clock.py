"""Times of levels: seconds since 1970, or since a beginning that nobody knows the date of."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.times.dates import parse_stamps
from spectral_transcoder.sensor.times.zones import ZONE_BEHIND_TIME, LocalClock

if TYPE_CHECKING:
    from datetime import tzinfo

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["ISO_HINT", "Clock", "as_column", "as_text", "begins_at", "epoch_divisor", "parse_time", "text_of"]

EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))
"""Numbers from the first on count the second's parts of a second since 1970 (from 1973 on); smaller ones are seconds
from the beginning."""

ISO_HINT = "write them as 2024-05-01T12:00:00.125 (ISO 8601) or as seconds since 1970"


class Clock(StrEnum):
    """What times count from."""

    BEGINNING = "seconds from the beginning"
    LOCAL = "seconds since 1970-01-01, on the clock of the file"
    UTC = "seconds since 1970-01-01 UTC"


def parse_time(text: str, zone: tzinfo | None = None) -> tuple[float, Clock]:
    """Read a time that somebody has typed: seconds, or a date and time in ISO 8601.

    Parameters
    ----------
    zone
        of the clock that is meant where the text has no zone of its own; None: nobody knows.

    Raises
    ------
    UserError
        for anything else.
    """
    import pandas as pd

    try:
        value = float(text)
    except ValueError:
        stamps = parse_stamps(pd.Series([text]), "ymd")
        if np.isnan(stamps[0]):
            raise UserError(f"times such as {text!r} cannot be read: {ISO_HINT}") from None
        if ZONE_BEHIND_TIME.search(text.strip()):
            return float(stamps[0]), Clock.UTC
        return (float(LocalClock(zone).to_utc(stamps)[0]), Clock.UTC) if zone else (float(stamps[0]), Clock.LOCAL)
    divisor = epoch_divisor(value)
    return (value / divisor, Clock.UTC) if divisor else (value, Clock.BEGINNING)


def epoch_divisor(number: float) -> float | None:
    """Parts of a second that a number since 1970 counts; None where it is too small to be one."""
    return next((divisor for smallest, divisor in EPOCH_UNITS if abs(number) >= smallest), None)


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


def begins_at(first: float, start: float, clock: Clock) -> str:
    """A line that tells for what the first of times without a date, in s, is taken."""
    return f"times have no date: the first one, {first:g} s, is taken for {text_of(start, clock)}"


def text_of(time: float, clock: Clock) -> str:
    """A time for people to read."""
    if clock is Clock.BEGINNING:
        return f"{time:.3f} s"
    text = str(np.datetime64(round(time * 1e3), "ms")).replace("T", " ")
    return f"{text}Z" if clock is Clock.UTC else text
