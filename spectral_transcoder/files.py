"""Files that are either whole or absent."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spectral_transcoder.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["make_folder", "sha256", "write_whole"]


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
