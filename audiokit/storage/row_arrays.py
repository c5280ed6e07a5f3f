"""Arrays of an HDF5 file whose rows are written later, by anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import h5py

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RowArray", "create_row_arrays"]

COMPRESSED_ROWS = 16
"""Rows that are compressed together."""


@dataclass(frozen=True)
class RowArray:
    """What a row of an array holds."""

    shape: tuple[int, ...]
    unit: str
    dtype: str = "float32"


def create_row_arrays(
    group: h5py.Group, arrays: Mapping[str, RowArray], n_rows: int, *, compress: bool = False
) -> None:
    """Create arrays, (n_rows, …) each, without their numbers.

    Contiguous arrays get their place in the file at once, so that `get_offset()` of each tells where rows go. Of a
    compressed one every random batch costs a hundred times more.
    """
    for name, array in arrays.items():
        storage = _compressed(array, n_rows) if compress and n_rows else {"dcpl": _placed_at_once()}
        dataset = group.create_dataset(name, (n_rows, *array.shape), array.dtype, **storage)
        dataset.attrs["unit"] = array.unit


def _compressed(array: RowArray, n_rows: int) -> dict[str, object]:
    chunks = (min(COMPRESSED_ROWS, n_rows), *array.shape)
    return {"chunks": chunks, "compression": "gzip", "shuffle": True}


def _placed_at_once() -> h5py.h5p.PropDCID:
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    return properties
