"""Files that are lists of chunks, each with its name and its length, and where their samples really end."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Layout", "chunks", "goes_on", "is_placeholder", "number"]

MOST_CHUNKS = 1000
APPENDED = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")
"""What players append to any file."""

MOST_PADDING = 1 << 24
"""Bytes of zeros that a disk may leave behind a file."""


@dataclass(frozen=True)
class Layout:
    """How chunks begin in a format."""

    header: struct.Struct
    """Of name and length."""
    alignment: int = 2
    """Chunks begin at multiples of it, counted from the first."""
    counts_header: bool = False
    """Whether lengths have that of the header in them."""


def chunks(file: BinaryIO, size: int, layout: Layout, position: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, position of the content and told length of each chunk from a position on.

    Parameters
    ----------
    size
        of the file.
    """
    header = layout.header
    for _ in range(MOST_CHUNKS):
        if position + header.size > size:
            return
        file.seek(position)
        name, length = header.unpack(file.read(header.size))
        length -= header.size if layout.counts_header else 0
        yield name, position + header.size, length
        position += header.size + max(0, length) + max(0, -length % layout.alignment)


def goes_on(file: BinaryIO, size: int, layout: Layout | None, start: int, told: int, *, least: float) -> bool:
    """Whether what lies behind the told end of the samples is samples too.

    Parameters
    ----------
    layout
        of chunks that may follow; None: none do.
    start
        position of the first sample.
    told
        bytes of samples by the header.
    least
        bytes from which on it is, where nothing speaks against it.
    """
    end = start + told
    file.seek(end)
    beginning = file.read(4096)
    padding = -told % layout.alignment if layout else 0
    if beginning.startswith(APPENDED) or (layout and _is_list(file, size, layout, end + padding)):
        return False
    file.seek(end)
    if size - end < MOST_PADDING and not any(file.read(MOST_PADDING)):
        # Samples that are silent, or a disk's block that was never filled: nothing to be heard either way.
        return told == 0
    return size - end >= least


def _is_list(file: BinaryIO, size: int, layout: Layout, position: int) -> bool:
    """Whether chunks, and nothing else, lie from a position to the end."""
    end = position
    for name, start, length in chunks(file, size, layout, position):
        if length < 0 or not all(32 <= letter < 127 for letter in name[:4]) or start + length > size:
            return False
        end = start + length
    return end > position or size - position < layout.header.size


def is_placeholder(told: int) -> bool:
    """Whether a size stands for an unknown one, as encoders into pipes write it."""
    return 0x7FFFF000 - 0x1000 <= told <= 0x80000000 + 0x1000 or 0xFFFFF000 <= told <= 0xFFFFFFFF or told >= 1 << 62


def number(file: BinaryIO, position: int, layout: str) -> int:
    """The number at a position; `layout` as in `struct`."""
    file.seek(position)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))[0]
