"""Files that are either whole or absent, and the names of what is made of them."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.errors import UserError, printable
from audiokit.file_kinds import file_kind, is_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = [
    "UNKNOWN_STAMP",
    "changed_files",
    "make_folder",
    "output_file",
    "output_stem",
    "readable",
    "sha256",
    "short_stem",
    "stamp",
    "whole_files",
    "write_whole",
]


PART = re.compile(r"\.\d+\.part(?=\.[^.]*$|$)")
"""What `write_whole` puts into the name of a file that is not finished."""

LONGEST_STEM = 180
"""Bytes; file systems take names of 255, and endings need some."""


@contextmanager
def write_whole(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes that name when the block ends well, else it is deleted.

    The temporary name is this process's own, and keeps the suffix (`song.4711.part.wav`), since writers choose their
    format by it.

    Raises
    ------
    UserError
        as `output_file`.
    """
    path = output_file(path)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def whole_files(paths: Iterable[Path]) -> list[Path]:
    """Paths in order, but for those of files that a process which was killed has left half written."""
    return sorted(path for path in paths if not PART.search(path.name))


def output_file(path: str | Path) -> Path:
    """A path at which there is a file or nothing: what takes the place of anything else would be its loss.

    Raises
    ------
    UserError
        where a folder lies there, as at the path "", or a device: a file that is renamed takes even that of /dev/null.
    """
    path = Path(path)
    with suppress(OSError):  # nothing is there, or writing will tell
        if not is_regular(path):
            raise UserError(f"{path} is {file_kind(path)}: give the path of a file to write")
    return path


def make_folder(path: str | Path) -> Path:
    """Make a folder and its parents, and check that it can be written to.

    Raises
    ------
    UserError
        where it cannot be made or written to.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise UserError(
            f"cannot write to the folder {path} ({error.strerror}): name another one with --output"
        ) from error
    return path


def readable(name: str | Path) -> str:
    """A file name as UTF-8 and a line of text can hold it, whatever bytes are in it."""
    return printable(os.fsencode(name).decode("utf-8", "replace"))


def output_stem(recording: str | Path) -> str:
    """What the names of all that is made of a file begin with: its own name without the ending, as `short_stem`.

    `...wav`, of which nothing would be left but the folder above, is taken whole.
    """
    path = Path(recording)
    return short_stem(path.stem if path.stem.strip(".") else path.name)


def short_stem(stem: str) -> str:
    """The beginning of a file's name, cut where it leaves no room for an ending; a few digits keep it apart then."""
    content = os.fsencode(stem)
    if len(content) <= LONGEST_STEM:
        return stem
    digits = hashlib.sha256(content).hexdigest()[:8]
    stop = LONGEST_STEM - len(digits) - 1
    while content[stop] & 0xC0 == 0x80:  # within a letter of UTF-8
        stop -= 1
    return f"{os.fsdecode(content[:stop])}-{digits}"


def stamp(path: str | Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in ns: a file is taken for the same as long as they are.

    Raises
    ------
    OSError
        where there is none.
    """
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


UNKNOWN_STAMP = (0, 0)
"""Of a file that nobody has looked at."""


def changed_files(paths: Sequence[Path], stamps: Iterable[Sequence[int]]) -> list[int]:
    """Numbers of the files that are not what they were; those that are not here, or had no stamp, are taken for it.

    Parameters
    ----------
    paths
    stamps : (n_files, 2)
        that they had, as `stamp` gives them.
    """
    changed = []
    for number, (path, before) in enumerate(zip(paths, stamps, strict=True)):
        try:
            is_same = tuple(before) in (UNKNOWN_STAMP, stamp(path))
        except OSError:
            continue
        if not is_same:
            changed.append(number)
    return changed


def sha256(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
