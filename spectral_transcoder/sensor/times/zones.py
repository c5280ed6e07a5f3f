"""Time zones however they are written, and clocks on local time brought to UTC, past the change of clocks as well."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["ZONE_BEHIND_TIME", "LocalClock", "on_clock", "parse_zone", "zone_in_text"]

ZONE_BEHIND_TIME = re.compile(r"\d:\d\d(?::\d\d)?(?:[.,]\d+)? *(Z|UTC|GMT|(?:UTC|GMT)?[+-]\d\d(?::?\d\d)?)$")
"""The zone at the end of a date and time; +02 is one, and the -01 of 2024-05-01 none."""

OFFSET = re.compile(r"(?:UTC|GMT)? *([+-\u2212]) *(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
LABEL = re.compile(
    r"(?:time *zone|utc[ _-]*offset|gmt[ _-]*offset|zeitzone|fuseau horaire)\W*?[:=,;\t]\s*\"?([^\t;,\"]+)",
    re.IGNORECASE,
)
SUMMER_HOUR_S = 1800
"""A local clock that goes back by more than this was put back for winter."""


def parse_zone(text: str) -> tzinfo:
    """Zone by its name (Europe/Paris, in any case) or its distance from UTC (Z, +02, +02:00, UTC-5).

    Raises
    ------
    UserError
        for anything else.
    """
    text = text.strip().strip("()")
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    if match := OFFSET.fullmatch(text):
        minutes = 60 * int(match[2]) + int(match[3] or 0)
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))
    name = _zone_names().get(text.lower().replace(" ", "_"))
    if name is None:
        raise UserError(f"unknown time zone {text!r}: give one such as Europe/Paris, UTC or +02:00")
    return ZoneInfo(name)


@cache
def _zone_names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def zone_in_text(lines: Iterable[str]) -> tzinfo | None:
    """Zone that a line such as "Time Zone: UTC+01:00" tells; None where there is no such line."""
    for line in lines:
        if match := LABEL.search(line):
            for text in (match[1], match[1].split()[0] if match[1].strip() else ""):
                with suppress(UserError):
                    return parse_zone(text)
    return None


class LocalClock:
    """A clock on local time, whose readings are brought to UTC in their order.

    In the hour that comes twice in autumn, readings are of its first time round until the clock goes back.
    """

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.last = np.nan
        self.is_second_round = False
        self.begins_unsure = False
        """Whether the first reading is of the hour that comes twice, and the clock has not gone back since."""

    def to_utc(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds since 1970 UTC of successive readings, (n,); NaN stays NaN."""
        import pandas as pd

        stamps = pd.DatetimeIndex(pd.to_datetime(np.round(seconds * 1e6), unit="us"))
        zoned = stamps.tz_localize(self.zone, ambiguous="NaT", nonexistent="shift_forward")
        unsure = zoned.isna() & ~np.isnan(seconds)
        if unsure.any():
            is_beginning = np.isnan(self.last)
            first_round = ~self._second_rounds(seconds, unsure)
            if is_beginning:
                self.begins_unsure = bool(unsure[np.flatnonzero(~np.isnan(seconds))[0]])
            self.begins_unsure &= bool(first_round.all())
            zoned = stamps.tz_localize(self.zone, ambiguous=first_round, nonexistent="shift_forward")
        else:
            self.is_second_round = False
        known = seconds[~np.isnan(seconds)]
        if len(known):
            self.last = float(known[-1])
        utc = zoned.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[us]")
        return np.where(np.isnat(utc), np.nan, utc.astype(np.int64) / 1e6)

    def _second_rounds(self, seconds: NDArray[np.float64], unsure: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which readings come after the clock was put back."""
        second = np.zeros(len(seconds), bool)
        for index in np.flatnonzero(~np.isnan(seconds)):
            if not unsure[index]:
                self.is_second_round = False
            elif seconds[index] < self.last - SUMMER_HOUR_S:
                self.is_second_round = True
            second[index] = self.is_second_round
            self.last = seconds[index]
        return second


def on_clock(times: NDArray[np.float64], zone: tzinfo) -> NDArray[np.float64]:
    """Times in UTC as the clock of a place tells them, both (n,) seconds since 1970."""
    import pandas as pd

    stamps = pd.DatetimeIndex(np.round(times * 1e3).astype("datetime64[ms]")).tz_localize("UTC")
    local = stamps.tz_convert(zone).tz_localize(None).to_numpy("datetime64[ms]")
    return local.astype(np.int64) / 1e3
