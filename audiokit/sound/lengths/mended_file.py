"""A file that is read as if it had been mended: nothing is written to it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["MendedFile", "Mending"]


@dataclass(frozen=True)
class Mending:
    """What to read in place of a file."""

    patches: Mapping[int, bytes] = field(default_factory=dict)
    """Position in the file → what has to stand there."""

    front: bytes = b""
    """What stands in place of the first bytes …"""

    start: int = 0
    """… so many of them."""

    stop: int | None = None
    """Bytes that are taken for the whole file; None: all."""


class MendedFile(io.RawIOBase):
    """A file for reading, with what `mending` says in place of some of its bytes."""

    def __init__(self, path: Path, mending: Mending) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed with this one
        self._mending = mending
        self._shift = len(mending.front) - mending.start
        self._size = (self._file.seek(0, io.SEEK_END) if mending.stop is None else mending.stop) + self._shift
        self._place = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Close the file itself too."""
        self._file.close()
        super().close()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position; gives it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """The position."""
        return self._place

    def readinto(self, buffer) -> int:
        """Fill a buffer."""
        view = memoryview(buffer).cast("B")[: max(0, self._size - self._place)]
        front = self._mending.front[self._place : self._place + len(view)]
        view[: len(front)] = front
        self._place += len(front)
        return len(front) + self._read_file(view[len(front) :])

    def _read_file(self, view: memoryview) -> int:
        """Fill a view with what the file itself has from the position on."""
        if not len(view):
            return 0
        start = self._file.seek(self._place - self._shift)
        count = self._file.readinto(view)
        for place, content in self._mending.patches.items():
            first, stop = max(place, start), min(place + len(content), start + count)
            if first < stop:
                view[first - start : stop - start] = content[first - place : stop - place]
        self._place += count
        return count
