"""Files of third-octave levels, whatever their format: recognised by their first bytes, not by their names."""

from __future__ import annotations

import gzip
import io
import sys
import tempfile
import zipfile
import zlib
from contextlib import contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from audiokit.errors import UserError
from spectral_transcoder.sensor.bands.choosing import NoBandsError
from spectral_transcoder.sensor.formats.hdf5 import open_hdf5
from spectral_transcoder.sensor.formats.json_files import JsonRecords
from spectral_transcoder.sensor.formats.lines import GZIP, TextFile, open_bytes
from spectral_transcoder.sensor.formats.npy import open_npy
from spectral_transcoder.sensor.formats.parquet import ParquetTable
from spectral_transcoder.sensor.formats.records import RecordTable
from spectral_transcoder.sensor.formats.table import Table
from spectral_transcoder.sensor.formats.text import TextTable
from spectral_transcoder.sensor.formats.workbook import open_sheets
from spectral_transcoder.sensor.levels.sources import LevelSource, Reading
from spectral_transcoder.sensor.reading.chained import ChainedSource
from spectral_transcoder.sensor.reading.finding import STANDARD_INPUT, SUFFIXES, suffix_of
from spectral_transcoder.sensor.reading.following import following
from spectral_transcoder.sensor.reading.table_source import TableSource

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["follow_levels", "open_levels"]

BEGINNINGS = {"hdf5": b"\x89HDF\r\n\x1a\n", "parquet": b"PAR1", "npy": b"\x93NUMPY", "zip": b"PK\x03\x04"}
BY_SUFFIX = {
    ".npy": "npy",
    ".npz": "npy",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".zip": "zip",
}
"""Formats that are no texts, by the end of a file's name: for a word on what is wrong with those that are damaged."""

LARGEST_MEMBER = 1 << 36
"""Bytes, unpacked, of a file in an archive."""

FIRST_SECONDS = 10.0
"""For which rows that still come are gathered before they are read."""

RECORDS_AT_ONCE = 4
"""Of those that still come: each time costs as much as some frames."""

COMPRESSION_LIMIT = 1000
"""By which no levels are compressed."""


def open_levels(path: str | Path, reading: Reading | None = None) -> LevelSource:
    """Open a file of third-octave levels.

    Parameters
    ----------
    path
        a file of one of `finding.SUFFIXES`, or "-" for CSV or JSON on the standard input.
    reading
        how.

    Raises
    ------
    UserError
        where it is unreadable, or holds no levels in third octaves.
    """
    reading = reading or Reading()
    source = _open(path, reading)
    source.calibrations = reading.calibrations
    return source


def _open(path: str | Path, reading: Reading) -> LevelSource:
    if str(path) == STANDARD_INPUT:
        return _open_text(TextFile(_standard_input, can_be_read_again=False), "the standard input", reading)
    path = Path(path)
    if suffix_of(path) not in SUFFIXES:
        raise UserError(f"{path} is of no format that is known: {', '.join(SUFFIXES)} are")
    kind = _kind_of(path)
    if kind == "npy":
        return _source_of(open_npy(path, reading), reading)
    if kind == "hdf5":
        return _source_of(open_hdf5(path, reading), reading)
    if kind == "parquet":
        return TableSource(ParquetTable(path, str(path)), reading)
    if kind == "xlsx":
        return _open_workbook(path, reading)
    if kind == "zip":
        return _open_archive(path, reading)
    n_bytes = None if _begins(path, GZIP) else path.stat().st_size
    return _open_text(TextFile(lambda: open_bytes(path)), str(path), reading, n_bytes=n_bytes)


@contextmanager
def follow_levels(
    path: str | Path, reading: Reading | None = None, *, first_seconds: float = FIRST_SECONDS
) -> Iterator[LevelSource]:
    """Open CSV or lines of JSON that still come, and read them as they do.

    Parameters
    ----------
    path
        a file that something is written to, or "-" for the standard input.
    reading
        how.
    first_seconds
        for which rows are gathered from the first one on, to find out what they are.

    Raises
    ------
    UserError
        where it cannot be read so, or holds no levels in third octaves.
    """
    with following(path, first_seconds=first_seconds) as stream:
        file = TextFile(lambda: nullcontext(stream), can_be_read_again=False)
        yield _open_text(file, stream.name, reading or Reading(), comes=True)


def _begins(path: Path, beginning: bytes) -> bool:
    with open_bytes_as_they_are(path) as file:
        return file.read(len(beginning)) == beginning


@contextmanager
def open_bytes_as_they_are(path: Path) -> Iterator[IO[bytes]]:
    """Open a file without unpacking it.

    Raises
    ------
    UserError
        where it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            yield file
    except OSError as error:
        raise UserError(f"{path}: it cannot be read ({error.strerror}): check its permissions") from error


def _kind_of(path: Path) -> str:
    """Format of a file: by its first bytes, and else by its name."""
    named = BY_SUFFIX.get(path.suffix.lower())
    if named == "npy":
        return named
    found = next((kind for kind, beginning in BEGINNINGS.items() if _begins(path, beginning)), None)
    if found == "zip":
        return "xlsx" if named == "xlsx" or _is_workbook(path) else "zip"
    return found or named or "text"


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


@contextmanager
def _standard_input() -> Iterator[IO[bytes]]:
    yield sys.stdin.buffer


def _source_of(opened: LevelSource | Table, reading: Reading) -> LevelSource:
    return TableSource(opened, reading) if isinstance(opened, Table) else opened


def _open_text(
    file: TextFile, name: str, reading: Reading, *, n_bytes: int | None = None, comes: bool = False
) -> LevelSource:
    """JSON or a table, by the first letter; where it still comes, nothing is waited for that need not be."""
    head = file.head()
    if head.lstrip()[:1] in (b"{", b"["):
        first = JsonRecords(TextFile(lambda: nullcontext(io.BytesIO(head))), name) if comes else None
        table: Table = RecordTable(
            JsonRecords(file, name), name, first=first, n_at_once=RECORDS_AT_ONCE if comes else None
        )
        table.can_be_read_again = file.can_be_read_again
    else:
        table = TextTable(file, name, n_bytes=n_bytes)
    return TableSource(table, reading)


def _chain(parts: list[tuple[str, LevelSource]], name: str) -> LevelSource:
    return parts[0][1] if len(parts) == 1 else ChainedSource(parts, name)


def _open_workbook(path: Path, reading: Reading) -> LevelSource:
    """The sheets that are time histories, one after the other; summaries and reports are passed over with a line."""
    parts: list[tuple[str, LevelSource]] = []
    problems: dict[str, UserError] = {}
    for table in open_sheets(path, str(path)):
        try:
            parts.append((table.title, TableSource(table, reading)))
        except UserError as error:
            problems[table.title] = error
    if not parts:
        raise next(iter(problems.values()))
    with_times = [part for part in parts if part[1].has_times] or parts
    reasons = {title: str(error).removeprefix(f"{path}: ") for title, error in problems.items()}
    reasons |= {part[0]: "it has no times" for part in parts if part not in with_times}
    chained = _chain(with_times, str(path))
    chained.notes += tuple(f"the sheet {title!r} is passed over: {reason}" for title, reason in reasons.items())
    return chained


def _open_archive(path: Path, reading: Reading) -> LevelSource:
    """The files of levels in an archive, one after the other; what holds none is passed over.

    Texts are read from within the archive; of other formats, a copy is unpacked for as long as it is read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if _is_member_to_read(member)]
    except zipfile.BadZipFile as error:
        raise UserError(f"{path} is damaged or no zip archive ({error}): copy it again") from error
    parts = []
    for member in members:
        try:
            parts.append((member.filename, _open_member(path, member, reading)))
        except NoBandsError:
            continue
    if not parts:
        raise NoBandsError(f"{path}: no file in the archive has third-octave bands ({len(members)} looked at)")
    return _chain(parts, str(path))


def _is_member_to_read(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    is_hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.parts)
    return not member.is_dir() and not is_hidden and suffix_of(name) in SUFFIXES and suffix_of(name) != ".zip"


def _open_member(path: Path, member: zipfile.ZipInfo, reading: Reading) -> LevelSource:
    if member.file_size > LARGEST_MEMBER or member.file_size > COMPRESSION_LIMIT * max(member.compress_size, 1):
        raise UserError(f"{path}: {member.filename} unpacks to {member.file_size} bytes: this is no file of levels")
    name = f"{path}/{member.filename}"
    if suffix_of(PurePosixPath(member.filename)) not in BY_SUFFIX:
        return _open_text(TextFile(lambda: _open_within(path, member)), name, reading, n_bytes=member.file_size)
    folder = tempfile.TemporaryDirectory(prefix="levels_")
    # The name in the archive makes no path: only its end is kept.
    copy = Path(folder.name) / f"member{suffix_of(PurePosixPath(member.filename))}"
    with _open_within(path, member) as stream, open(copy, "wb") as file:
        while block := stream.read(1 << 20):
            file.write(block)
    source = _open(copy, reading)
    source.folder = folder
    return source


@contextmanager
def _open_within(path: Path, member: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
            if not member.filename.lower().endswith(".gz"):
                yield stream
                return
            with gzip.open(stream) as unpacked:
                yield unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise UserError(f"{path}: {member.filename} is damaged ({error}): copy the archive again") from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in a way that Python does not know
        raise UserError(f"{path}: {member.filename} cannot be unpacked ({error}): unpack it yourself") from error
