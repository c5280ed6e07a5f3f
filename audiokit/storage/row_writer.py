"""Rows of contiguous HDF5 arrays, written without HDF5, by several processes at once."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

__all__ = ["RowWriter", "naming_errors"]


@dataclass(frozen=True)
class RowWriter:
    """Writes rows of a file that HDF5 has laid out; can be sent to other processes."""

    path: Path
    places: Mapping[tuple[str, str], tuple[int, str]]
    """Split and array → offset of the first row in bytes, type of the numbers."""

    @classmethod
    def of(cls, path: Path) -> Self:
        """Writer of a file, by where HDF5 has placed its arrays."""
        with h5py.File(path) as file:
            places = {
                (split, name): (array.id.get_offset(), array.dtype.str)
                for split, group in file.items()
                for name, array in group.items()
                if array.ndim > 1 and len(array)
            }
        return cls(path, places)

    def write(self, split: str, first_row: int, arrays: Mapping[str, NDArray[np.floating]]) -> None:
        """Write successive rows of each array, (n_rows, …)."""
        with open(self.path, "r+b", buffering=0) as file, naming_errors(self.path):
            for name, array in arrays.items():
                offset, dtype = self.places[split, name]
                rows = np.ascontiguousarray(array, dtype)
                file.seek(offset + first_row * rows[0].nbytes)
                _write_all(file, rows)


def _write_all(file, rows: NDArray[np.floating]) -> None:
    remaining = memoryview(rows).cast("B")
    while remaining:
        remaining = remaining[file.write(remaining) :]


@contextmanager
def naming_errors(path: Path) -> Iterator[None]:
    """Say on which file a write has failed, as only opening does by itself."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise
