"""Files that are either whole or absent, and files that no other process writes to."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spectral_transcoder.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

__all__ = ["make_folder", "open_alone", "sha256", "write_whole"]


@contextmanager
def write_whole(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes that name when the block ends well, else it is deleted.

    The temporary name keeps the suffix (`song.part.wav`), since writers choose their format by it.
    """
    path = Path(path)
    partial = path.with_name(f"{path.stem}.part{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def make_folder(path: str | Path) -> Path:
    """Make a folder and its parents, and check that it can be written to.

    Raises
    ------
    UserError
        where it cannot be made or written to.
    """
    path = Path(path)
    probe = path / f".write_test_{os.getpid()}"
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"cannot write to the folder {path} ({error.strerror}): name another one with --output"
        ) from error
    return path


def sha256(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_alone(path: Path) -> BinaryIO:
    """Open a file of a folder to go on with, which no other process may do before it is closed.

    Raises
    ------
    UserError
        where another process has opened it.
    """
    file = open(path, "r+b")  # noqa: SIM115 - closed by the caller
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise UserError(f"another process is making {path.parent}: wait for it, or end it") from error
    except (ImportError, OSError):
        pass  # Windows, and network drives that know no locks: two processes would write the same.
    return file
