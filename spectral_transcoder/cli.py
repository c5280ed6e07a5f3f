"""What every script's command line shares: how it ends, and tables that it prints."""

from __future__ import annotations

import argparse
import errno
import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spectral_transcoder.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["DISK_FULL", "columns", "positive", "quick_imports", "run"]

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of errors that end everything, for there is nothing that would not meet them."""

INTERRUPTED = 130  # what shells report for Ctrl-C


def positive(text: str) -> int:
    """Type of arguments that are whole numbers from 1 up."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Lines of text with the cells of each column below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import large packages without a search for garbage, of which imports make none.

    What they made is not searched later either: it lasts as long as the process. PyTorch's import and the end of the
    process take a third less time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def run(main: Callable[[Sequence[str] | None], int], arguments: Sequence[str] | None = None) -> int:
    """Call `main(arguments)` and turn what a user can mend into one line on stderr.

    Returns
    -------
    int
        the exit status: that of `main`; 1 for a `UserError` or a full disk; 130 after Ctrl-C.
    """
    try:
        return main(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped: what was finished is kept; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        print(
            f"error: the disk is full ({error.filename or 'while writing'}): free some space and run again",
            file=sys.stderr,
        )
    return 1
