"""Places that one process at a time writes to.

A place is a file or a folder that is to be made. Who makes it holds a lock on a hidden file beside it, which the system
frees whatever ends the process; the file is gone when the place is free.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import PART, short_stem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["hold", "remove_parts"]


@contextmanager
def hold(place: Path, *, wait: bool = False) -> Iterator[None]:
    """Keep other processes from making what this one makes.

    Parameters
    ----------
    place
        a file or a folder; the folder that it lies in must be there.
    wait
        until another process has made it, which is told in a line, and not give up.

    Raises
    ------
    UserError
        where another process makes it, unless `wait`.
    """
    path = place.with_name(f".{short_stem(place.name)}.lock")
    file = _locked(path, place, wait=wait)
    try:
        yield
    finally:
        if file:
            path.unlink(missing_ok=True)
            file.close()


def remove_parts(place: Path) -> None:
    """Delete what processes that were killed have left half written: for the one that holds the place.

    Parameters
    ----------
    place
        a folder, of which all that is half written goes, or a file.
    """
    folder, part = place, PART
    if not place.is_dir():
        folder = place.parent
        part = re.compile(rf"^{re.escape(place.stem)}\.\d+\.part{re.escape(place.suffix)}$")
    for path in folder.iterdir():
        if part.search(path.name):
            path.unlink(missing_ok=True)


def _locked(path: Path, place: Path, *, wait: bool) -> BinaryIO | None:
    """The hidden file, locked; None where there are no locks: on Windows, and on some network drives."""
    try:
        import fcntl
    except ImportError:
        return None
    told = False
    while True:
        file = open(path, "ab")  # noqa: SIM115 - closed by `hold`
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if not wait:
                file.close()
                raise UserError(f"another process is making {place}: wait for it, or end it") from error
            if not told:
                print(f"another process is making {place}: waiting for it", file=sys.stderr)
                told = True
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            file.close()
            path.unlink(missing_ok=True)
            return None
        if _is_still(path, file):
            return file
        file.close()  # the process before has removed it: the next one may lock another


def _is_still(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
