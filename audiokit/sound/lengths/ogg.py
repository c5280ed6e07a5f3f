"""Whether an Ogg file (RFC 3533: Vorbis, Opus, FLAC) ends where its first stream ends."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["OggEnd", "ogg_end"]

PAGE = b"OggS"
HEADER_BYTES = 27
FIRST, LAST = 2, 4
"""Flags of a stream's first and last page."""

FIRST_PAGE = PAGE + bytes([0, FIRST])


class OggEnd(NamedTuple):
    """How an Ogg file ends."""

    is_cut: bool
    """Whether the last page is not there, or not whole."""
    has_more: bool
    """Whether another stream stands behind the first."""


def ogg_end(path: Path) -> OggEnd | None:
    """How a file ends that is not empty; None where it is no Ogg file."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[:4] != PAGE:
            return None
        last = content.rfind(PAGE)
        is_whole = _page_end(content, last) <= len(content) and content[last + 5] & LAST
        position = 0
        while content[position : position + 6] == FIRST_PAGE:  # streams that begin together
            position = _page_end(content, position)
        return OggEnd(is_cut=not is_whole, has_more=content.find(FIRST_PAGE, position) >= 0)


def _page_end(content: mmap.mmap, position: int) -> int:
    """Where the page at a position ends; beyond the end of the file where it is cut off."""
    head = content[position : position + HEADER_BYTES]
    if len(head) < HEADER_BYTES:
        return len(content) + 1
    lengths = content[position + HEADER_BYTES : position + HEADER_BYTES + head[26]]
    return position + HEADER_BYTES + head[26] + sum(lengths)
