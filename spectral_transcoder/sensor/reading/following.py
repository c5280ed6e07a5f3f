"""Bytes as they come: of a pipe, or of a file that grows."""

from __future__ import annotations

import os
import select
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from spectral_transcoder.sensor.formats.lines import BLOCK_BYTES, GZIP
from spectral_transcoder.sensor.reading.finding import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Follower", "following"]

POLL_SECONDS = 0.1
"""Between looks at whether a file has grown."""

ENOUGH_LINES = 1000
"""To tell by how a text is written; no more are waited for."""


@contextmanager
def following(path: str | Path, *, first_seconds: float) -> Iterator[Follower]:
    """Open the standard input ("-"), or a text that something is still written to.

    Raises
    ------
    UserError
        where it cannot be read, or is compressed.
    """
    if str(path) == STANDARD_INPUT:
        yield Follower(sys.stdin.fileno(), "the standard input", grows=False, first_seconds=first_seconds)
        return
    try:
        # Unbuffered: what is read must be what the descriptor gives.
        with open(path, "rb", buffering=0) as file:
            if file.read(len(GZIP)) == GZIP:
                raise UserError(f"{path}: what is compressed cannot be followed while it grows: leave out --live")
            file.seek(0)
            yield Follower(file.fileno(), str(path), grows=True, first_seconds=first_seconds)
    except OSError as error:
        raise UserError(f"{path}: it cannot be read ({error.strerror or error}): check its permissions") from error


class Follower:
    """A stream of bytes whose `read` gives what is there, and waits where there is nothing.

    Parameters
    ----------
    descriptor
        of the open file or pipe.
    name
        for messages.
    grows
        whether its end is not the end: a file that something is still written to.
    first_seconds
        for which the first reading gathers what comes, so that there is enough to tell by how it is written.
    """

    def __init__(self, descriptor: int, name: str, *, grows: bool, first_seconds: float) -> None:
        self.descriptor = descriptor
        self.name = name
        self.grows = grows
        self.first_seconds = first_seconds
        self.n_read = 0

    def read(self, n_bytes: int = BLOCK_BYTES) -> bytes:
        """What has come, at most so much; nothing at the end.

        Raises
        ------
        UserError
            where a file that should grow has become shorter.
        """
        is_first = not self.n_read
        gathered = self._next(n_bytes)
        if not is_first:
            return gathered
        until = time.monotonic() + self.first_seconds
        while len(gathered) < n_bytes and gathered.count(b"\n") <= ENOUGH_LINES:
            more = self._next(n_bytes - len(gathered), seconds=until - time.monotonic())
            if not more:
                break
            gathered += more
        return gathered

    def _next(self, n_bytes: int, *, seconds: float | None = None) -> bytes:
        """What comes, within so many seconds; nothing where nothing does, or at the end."""
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            if not self.grows and not self._has_come(until):
                return b""
            found = os.read(self.descriptor, n_bytes)
            self.n_read += len(found)
            if found or not self.grows:
                return found
            if os.fstat(self.descriptor).st_size < self.n_read:
                raise UserError(f"{self.name} has become shorter, so something else is written to it: follow it again")
            if until is not None and time.monotonic() >= until:
                return b""
            time.sleep(POLL_SECONDS)

    def _has_come(self, until: float | None) -> bool:
        """Whether something is there to be read, or the end, before it is too late."""
        remaining = None if until is None else max(0.0, until - time.monotonic())
        return bool(select.select([self.descriptor], [], [], remaining)[0])
