"""Rows of a contiguous HDF5 array, read without HDF5 and without keeping them in memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO, Self

    import h5py
    from numpy.typing import NDArray

__all__ = ["RowReader"]


@dataclass(frozen=True)
class RowReader:
    """Reads rows of an array by their numbers; can be sent to other processes.

    Unlike with a mapped file, no page of the file stays in the process's memory.
    """

    path: Path
    offset: int
    """Of the first row, in bytes."""
    shape: tuple[int, ...]
    dtype: str

    @classmethod
    def of(cls, path: Path, dataset: h5py.Dataset) -> Self:
        """Reader of an array, by where HDF5 has placed it."""
        return cls(path, dataset.id.get_offset() or 0, dataset.shape, dataset.dtype.str)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: NDArray[np.integer]) -> NDArray:
        """Rows by their numbers, (n, …), in the order of these; each goes from the file to its place at once.

        Raises
        ------
        IndexError
            for a row that is not there.
        """
        rows = np.asarray(rows)
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"rows {rows.min()} to {rows.max()} of {len(self)}")
        values = np.empty((len(rows), *self.shape[1:]), self.dtype)
        if values.size == 0:
            return values
        order = np.argsort(rows, kind="stable")
        in_order = (order == np.arange(len(rows))).all()
        runs = _runs(rows) if in_order else zip(rows[order].tolist(), repeat(1), order.tolist(), strict=False)
        with open(self.path, "rb", buffering=0) as file:
            for first, count, target in runs:
                _read_all(file, self.offset + first * values[0].nbytes, values[target : target + count])
        return values


def _runs(rows: NDArray[np.integer]) -> Iterator[tuple[int, int, int]]:
    """Rows that follow each other, in increasing order: first row, how many, and the place of the first one."""
    starts = np.flatnonzero(np.diff(rows, prepend=rows[0] - 2) != 1)
    for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
        yield int(rows[start]), int(stop - start), int(start)


def _read_all(file: BinaryIO, position: int, rows: NDArray) -> None:
    remaining = memoryview(rows).cast("B")
    file.seek(position)
    while remaining:
        if not (count := file.readinto(remaining)):
            raise OSError(f"{file.name} is shorter than it says: it is damaged, make it again")
        remaining = remaining[count:]
