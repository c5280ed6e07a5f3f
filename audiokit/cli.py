"""What every script's command line shares: how it ends, and tables that it prints."""

from __future__ import annotations

import argparse
import gc
import math
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audiokit.errors import DISK_FULL, UserError
from audiokit.stopping import stopping_as_by_ctrl_c

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["above_zero", "columns", "finite", "not_negative", "positive", "quick_imports", "run", "seed", "share"]

LARGEST_SEED = 2**32 - 1
"""That NumPy's and scikit-learn's random numbers take."""

STARTING = "starting ..."

INTERRUPTED = 130  # what shells report for Ctrl-C
READER_GONE = 141  # and for a process whose reader has gone away


def positive(text: str) -> int:
    """Type of arguments that are whole numbers from 1 up."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def above_zero(text: str) -> float:
    """Type of arguments that are numbers above 0."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def finite(text: str) -> float:
    """Type of arguments that are numbers of any size."""
    number = float(text)
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text} is no finite number")
    return number


def not_negative(text: str) -> float:
    """Type of arguments that are numbers from 0 up."""
    number = float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return number


def seed(text: str) -> int:
    """Type of arguments that random numbers begin with."""
    number = int(text)
    if not 0 <= number <= LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to {LARGEST_SEED}")
    return number


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Lines of text with the cells of each column below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def share(text: str) -> float:
    """Type of arguments that are shares of something, from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return number


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import large packages without a search for garbage, of which imports make none.

    What they made is not searched later either: it lasts as long as the process. PyTorch's import and the end of the
    process take a third less time. Who sits at a terminal is told meanwhile what there is to wait for.
    """
    gc.disable()
    is_watched = sys.stderr is not None and sys.stderr.isatty()
    if is_watched:
        print(STARTING, end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        if is_watched:
            print(" " * len(STARTING), end="\r", file=sys.stderr, flush=True)


def run(main: Callable[[Sequence[str] | None], int], arguments: Sequence[str] | None = None) -> int:
    """Call `main(arguments)` and turn what a user can mend into one line on stderr.

    Returns
    -------
    int
        the exit status: that of `main`; 1 for a `UserError`, or what the system refuses to do with a file; 130 after
        Ctrl-C or SIGTERM; 141 where nobody reads what is printed any more (`script.py --list | head -3`).
    """
    # Names of files may hold what the terminal's encoding has not.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with stopping_as_by_ctrl_c():
            status = main(arguments)
        if sys.stdout:  # which may be closed
            sys.stdout.flush()  # here, where it can be told, and not at the end of the process
        return status
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped: what was finished is kept; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _print_nowhere()
        return READER_GONE
    except OSError as error:
        if error.errno not in DISK_FULL and error.filename is None:
            raise
        print(f"error: {_refusal(error)}", file=sys.stderr)
    return 1


def _refusal(error: OSError) -> str:
    """What the system would not do, in a line."""
    from audiokit.files import PART

    is_name = isinstance(error.filename, str | bytes | os.PathLike)
    name = PART.sub("", os.fsdecode(error.filename)) if is_name else error.filename
    if error.errno in DISK_FULL:
        return f"the disk is full ({name or 'while writing'}): free some space and run again"
    return f"cannot read or write {name} ({error.strerror}): mend that and run again"


def _print_nowhere() -> None:
    """Let what is left in the buffer of stdout go to nobody, in place of a traceback at the end of the process."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
