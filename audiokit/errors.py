"""Problems that a user can mend, and how those of one file are kept from the others."""

from __future__ import annotations

import errno
import re
import sys
from contextlib import contextmanager
from textwrap import shorten
from typing import TYPE_CHECKING

from audiokit.stopping import is_asked_to_stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DISK_FULL", "Failures", "UserError", "briefly", "in_one_line", "printable"]

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of errors that end everything, for there is nothing that would not meet them."""


COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""What makes letters bold on a terminal."""


class UserError(Exception):
    """A problem with what the user gave; its one-line message says what, where and how to fix it."""


def in_one_line(error: Exception, name: str | Path) -> str:
    """What is wrong with a file, in a line that names it.

    Raises
    ------
    Exception
        the error itself where it is none of that file: a full disk, or nobody who reads what is printed.
    KeyboardInterrupt
        where it comes of a request to stop, which imports turn into other errors.
    """
    if is_asked_to_stop():
        raise KeyboardInterrupt from error
    if isinstance(error, BrokenPipeError | MemoryError) or getattr(error, "errno", None) in DISK_FULL:
        raise error
    return printable(_told(error, name))


def printable(text: str) -> str:
    """A text as a terminal shows it in a line: names of files may hold line breaks, and bytes that are no letters."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _told(error: Exception, name: str | Path) -> str:
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        place = f" ({error.filename})" if error.filename not in (None, str(name)) else ""
        return f"cannot do {name}: {error.strerror}{place}"
    reason = briefly(error)
    return f"cannot do {name}: {' '.join(dict.fromkeys((type(error).__name__, reason)))}"


def briefly(error: Exception | str, *, width: int = 150) -> str:
    """What a library says of an error, in a line without a terminal's colours, cut between words."""
    lines = COLOURS.sub("", str(error)).strip().splitlines()
    return shorten(lines[0] if lines else type(error).__name__, width, placeholder=" …")


class Failures:
    """Errors of single files: told as they come, while the other files are done.

    Attributes
    ----------
    status : int
        exit status: 1 after an error, else 0.
    """

    def __init__(self) -> None:
        self.status = 0

    @contextmanager
    def of(self, name: str | Path) -> Iterator[None]:
        """Tell what keeps a file from being done, whatever it is.

        Raises
        ------
        KeyboardInterrupt
            also behind a file during which a request to stop was lost.
        """
        try:
            yield
            if is_asked_to_stop():
                raise KeyboardInterrupt
        except Exception as error:
            print(f"error: {in_one_line(error, name)}", file=sys.stderr)
            self.status = 1
