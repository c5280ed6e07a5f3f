"""HDF5 files on disks that may become full.

Where a write fails, the HDF5 library does not give up the file in good order: it ends the whole process with a
segmentation fault (HDF5 2.0). So it writes through a file object that never fails, and keeps the error for later.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING

import h5py

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["new_hdf5_file"]


@contextmanager
def new_hdf5_file(path: Path) -> Iterator[tuple[h5py.File, Callable[[], None]]]:
    """Open a new HDF5 file for writing.

    Yields
    ------
    h5py.File, callable
        the file; and what raises the error of a write that has failed, to be called now and then where much is
        written, for from then on all stays in memory.

    Raises
    ------
    OSError
        at the end, where something could not be written.
    """
    with _LenientFile(path, "w+") as disk:
        with h5py.File(disk, "w") as file:
            yield file, disk.check
        disk.check()


class _LenientFile(io.FileIO):
    """A file that keeps in memory what it cannot write to the disk."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self._error: OSError | None = None
        self._kept: list[tuple[int, bytes]] = []

    def check(self) -> None:
        """Raise the first error, if there was one."""
        if self._error:
            raise self._error

    def write(self, content) -> int:
        """Write all."""
        start = self.tell()
        remaining = memoryview(content).cast("B")
        try:
            while remaining and not self._error:
                remaining = remaining[super().write(remaining) :]
        except OSError as error:
            error.filename = self.name
            self._error = error
        if self._error:
            self._kept.append((start, bytes(content)))
            self.seek(start + len(content))
        return len(content)

    def readinto(self, buffer) -> int:
        """Fill a buffer with what was written, wherever it is."""
        start = self.tell()
        size = super().readinto(buffer)
        view = memoryview(buffer).cast("B")
        for place, content in self._kept:
            first, stop = max(place, start), min(place + len(content), start + len(view))
            if first < stop:
                view[first - start : stop - start] = content[first - place : stop - place]
                size = max(size, stop - start)
        self.seek(start + size)
        return size

    def truncate(self, size: int | None = None) -> int:
        """Set the length, as long as all could be written."""
        return self.tell() if self._error else super().truncate(size)
