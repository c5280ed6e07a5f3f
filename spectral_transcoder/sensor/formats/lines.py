"""Texts in pieces of whole lines, as UTF-8, whatever their encoding, and from a compressed file or a pipe as well."""

from __future__ import annotations

import codecs
import gzip
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["BLOCK_BYTES", "GZIP", "TextFile", "encoding_of", "open_bytes"]

BLOCK_BYTES = 1 << 21
"""That are read at once: some 20 min of fast levels."""

LONGEST_LINE = 1 << 26
GZIP = b"\x1f\x8b"
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
"""What some programs write before a text to tell its encoding."""


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to read bytes, those that were compressed where it is a gzip file.

    Raises
    ------
    UserError
        where it cannot be read, or the compressed data are cut off or damaged.
    """
    try:
        with open(path, "rb") as file:
            is_compressed = file.read(2) == GZIP
            file.seek(0)
            if not is_compressed:
                yield file
                return
            with gzip.open(file) as unpacked:
                yield unpacked
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path}: the compressed data are damaged or cut off ({error}): copy the file again") from error
    except OSError as error:
        raise UserError(f"{path}: it cannot be read ({error.strerror or error}): check its permissions") from error


def encoding_of(start: bytes) -> tuple[str, int]:
    """Encoding of a text by its first bytes, and how many of them are a mark that tells it."""
    for mark, name in MARKS:
        if start.startswith(mark):
            return name, len(mark)
    pairs = start[: len(start) // 2 * 2][:1000]
    if len(pairs) >= 4 and 0 not in pairs[::2] and pairs[1::2].count(0) > len(pairs) / 4:
        return "utf-16-le", 0
    if len(pairs) >= 4 and 0 not in pairs[1::2] and pairs[::2].count(0) > len(pairs) / 4:
        return "utf-16-be", 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1252", 0
    return "utf-8", 0


class TextFile:
    """A text that is read in blocks of whole lines.

    Parameters
    ----------
    opening
        gives a context manager for the stream of bytes.
    can_be_read_again
        whether that can be done more than once.
    """

    def __init__(self, opening: Callable, *, can_be_read_again: bool = True) -> None:
        self.opening = opening
        self.can_be_read_again = can_be_read_again
        self.bytes_per_letter = 1
        """Of the encoding, known once something was read."""

        self._rest: Iterator[bytes] | None = None
        self._head: bytes | None = None

    def head(self) -> bytes:
        """The first block, as UTF-8; empty where there is nothing."""
        if self._head is None:
            blocks = self._read()
            self._head = next(blocks, b"")
            if not self.can_be_read_again:
                self._rest = blocks
        return self._head

    def blocks(self) -> Iterator[bytes]:
        """All blocks from the beginning, as UTF-8, each ending with a line's end but for the last."""
        if self.can_be_read_again:
            yield from self._read()
            return
        yield self.head()
        yield from self._rest or ()

    def _read(self) -> Iterator[bytes]:
        with self.opening() as stream:
            chunk = stream.read(BLOCK_BYTES)
            encoding, n_marks = encoding_of(chunk)
            chunk = chunk[n_marks:]
            self.bytes_per_letter = 2 if encoding.startswith("utf-16") else 1
            decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)(errors="replace")
            has_old_ends = b"\n" not in chunk and b"\r" in chunk
            rest = b""
            while chunk:
                text = decoder.decode(chunk).encode() if decoder else chunk
                rest += text.replace(b"\r", b"\n") if has_old_ends else text
                end = rest.rfind(b"\n") + 1
                if end:
                    yield rest[:end]
                    rest = rest[end:]
                if len(rest) > LONGEST_LINE:
                    raise UserError(f"a line is longer than {LONGEST_LINE >> 20} MB: this is no text of levels")
                chunk = stream.read(BLOCK_BYTES)
            if rest:
                yield rest
