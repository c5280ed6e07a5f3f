"""Zip and tar archives, unpacked into a folder that nothing in them leads out of."""

from __future__ import annotations

import lzma
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, TypeVar

from audiokit.errors import UserError, briefly
from audiokit.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = ["RefusedArchive", "is_archive", "join", "move_files", "unpack"]

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
BLOCK = 1 << 20  # bytes copied at once

FAULTS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,  # what gzip and bz2 raise
    RuntimeError,  # encrypted, or packed in a way that Python does not know
)

Piece = TypeVar("Piece")


class RefusedArchive(UserError):
    """An archive that is damaged or that holds what no archive of recordings should."""


@dataclass(frozen=True)
class _Member:
    """A file in an archive: its name there, its size in bytes, and how to read it."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def is_archive(name: str) -> bool:
    """Whether a file of this name is one that `unpack` takes."""
    return name.endswith(SUFFIXES)


def unpack(
    archive: Path,
    folder: Path,
    *,
    place: Callable[[PurePosixPath], PurePosixPath | None],
    password: str | None = None,
    watch: Callable[[int], object] = lambda position: None,
) -> dict[str, int]:
    """Unpack an archive.

    Each file is written under a temporary name first. One that is already in the folder with the right size stays, so
    that an interrupted call can be repeated: give a folder that only this function writes to, and `move_files` then.
    The files are new ones: neither owners nor permissions nor links are taken from the archive.

    Parameters
    ----------
    archive
        zip, or tar with any compression that Python knows.
    folder
        made where it is missing.
    place
        where in the folder a file goes, by its name in the archive; None leaves it out.
    password
        of a zip archive; what it protects is read at 1.4 MB/s.
    watch
        told the bytes of the archive that are done with.

    Returns
    -------
    dict of str to int
        name in the folder, with slashes → size in bytes.

    Raises
    ------
    RefusedArchive
        for a damaged archive, a name that leads out of the folder, a link, a device, or two files for one place.
    UserError
        where the password is another one.
    OSError
        where the folder cannot be written to.
    """
    is_zip = archive.name.endswith(".zip")
    members = _read_zip(archive, watch, password) if is_zip else _read_tar(archive, watch)
    sizes: dict[str, int] = {}
    for member in _reading(archive, members):
        target = place(_inner_path(archive, member.name))
        if target is None:
            continue
        name = str(target)
        if name in sizes:
            raise RefusedArchive(f"{archive} holds two files for one place, {name}")
        _write(archive, member, folder / target)
        sizes[name] = member.size
    return sizes


def join(parts: Iterable[Path], path: Path) -> None:
    """Make one file of the parts that it was cut into, whole or not at all; the parts stay."""
    with write_whole(path) as unfinished, unfinished.open("wb") as target:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, target, BLOCK)


def move_files(names: Iterable[str], source: Path, target: Path) -> None:
    """Move files, named relative to both folders, from one folder to another on the same disk; replace those there."""
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).replace(target / name)


def _read_zip(archive: Path, watch: Callable[[int], object], password: str | None) -> Iterator[_Member]:
    done = 0
    with zipfile.ZipFile(archive) as opened:
        opened.setpassword(password.encode() if password else None)
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if not info.is_dir():
                if kind not in (0, stat.S_IFREG):
                    raise _not_a_file(archive, info.filename)
                yield _Member(info.filename, info.file_size, partial(opened.open, info))
            done += info.compress_size
            watch(done)


def _read_tar(archive: Path, watch: Callable[[int], object]) -> Iterator[_Member]:
    with archive.open("rb") as packed, tarfile.open(fileobj=packed, mode="r:*") as opened:
        for info in opened:
            if not info.isdir():
                if not info.isreg():
                    raise _not_a_file(archive, info.name)
                yield _Member(info.name, info.size, partial(opened.extractfile, info))
            watch(packed.tell())


def _inner_path(archive: Path, name: str) -> PurePosixPath:
    """The name of a file in an archive, if it leads to a place below where it starts."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or re.match("[A-Za-z]:", name):
        raise RefusedArchive(f"{archive} holds a file that would lie outside of its folder, {name}")
    return path


def _write(archive: Path, member: _Member, path: Path) -> None:
    if path.is_file() and path.stat().st_size == member.size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_whole(path) as unfinished, unfinished.open("wb") as target:
        for block in _reading(archive, _blocks(member)):
            target.write(block)


def _blocks(member: _Member) -> Iterator[bytes]:
    with member.open() as source:
        yield from iter(partial(source.read, BLOCK), b"")


def _reading(archive: Path, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces, where what goes wrong in reading them is said in one way for all kinds of archives."""
    try:
        yield from pieces
    except FAULTS as error:
        if "password" in str(error):
            raise UserError(f"{archive} has another password than the one that is published: {error}") from error
        raise RefusedArchive(f"{archive} is damaged ({briefly(error).rstrip(':')})") from error


def _not_a_file(archive: Path, name: str) -> RefusedArchive:
    return RefusedArchive(f"{archive} holds a link or a device, {name}")
