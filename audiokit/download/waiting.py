"""How long a server wants nobody to ask again."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests import Response

__all__ = ["seconds_asked"]

TOO_MANY = 429
"""Status of a server that counts what it is asked."""

WINDOW = 60
"""Seconds that servers count in where they say nothing, as Zenodo does."""

EPOCH = 1_000_000_000
"""What is above it is a time, in seconds since 1970; below, it is a number of seconds."""


def seconds_asked(response: Response) -> float:
    """Seconds to wait before the next attempt; 0 where that is left to us.

    Taken from Retry-After (RFC 9110: seconds, or a date on the server's clock); where a server that counts requests
    does not send it, from when its count begins anew (X-RateLimit-Reset, RateLimit-Reset), else a minute.
    """
    headers = response.headers
    now = _time(headers.get("Date", "")) or time.time()
    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return int(asked)
    if date := _time(asked):
        return max(0.0, date - now)
    if response.status_code != TOO_MANY:
        return 0
    reset = headers.get("X-RateLimit-Reset", headers.get("RateLimit-Reset", "")).strip()
    if not reset.isdecimal():
        return WINDOW
    return max(1.0, int(reset) - now) if int(reset) > EPOCH else int(reset)


def _time(date: str) -> float | None:
    """Seconds since 1970 of a date as HTTP has it."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return None
