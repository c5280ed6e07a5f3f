"""The HDF5 file of a dataset before its numbers are written; `chunk_dataset` tells what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import h5py

from spectral_transcoder.datasets.chunk_dataset import FNAME, FORMAT, SCENE, SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spectral_transcoder.datasets.chunk_plan import PlannedFile

__all__ = ["ChunkArray", "write_layout"]

COMPRESSED_CHUNKS = 16
"""Seconds that are compressed together."""

TEXTS_AT_ONCE = 1 << 16
"""File names that are in memory at a time."""


@dataclass(frozen=True)
class ChunkArray:
    """What an array holds of each second."""

    shape: tuple[int, ...]
    unit: str
    dtype: str = "float32"


def write_layout(
    file: h5py.File,
    files: Sequence[PlannedFile],
    *,
    arrays: Mapping[str, ChunkArray],
    attributes: Mapping[str, object],
    compress: bool = False,
) -> None:
    """Write all of a dataset but the numbers.

    Contiguous arrays get their place in the file at once, so that `get_offset()` of each tells where rows go.
    """
    file.attrs.update({"format": FORMAT, **attributes})
    for split in SPLITS:
        group = file.create_group(split)
        members = [member for member in files if member.split == split]
        n_chunks = sum(member.n_chunks for member in members)
        group.attrs.update(n_files=sum(member.n_chunks > 0 for member in members), n_chunks=n_chunks)
        for name, array in arrays.items():
            storage = _compressed(array, n_chunks) if compress and n_chunks else {"dcpl": _placed_at_once()}
            dataset = group.create_dataset(name, (n_chunks, *array.shape), array.dtype, **storage)
            dataset.attrs["unit"] = array.unit
        fnames = (f"{member.name}_{second}" for member in members for second in range(member.n_chunks))
        scenes = (member.scene for member in members for _ in range(member.n_chunks))
        for name, texts in ((FNAME, fnames), (SCENE, scenes)):
            dataset = group.create_dataset(name, (n_chunks,), h5py.string_dtype())
            for start in range(0, n_chunks, TEXTS_AT_ONCE):
                dataset[start : start + TEXTS_AT_ONCE] = list(islice(texts, TEXTS_AT_ONCE))


def _compressed(array: ChunkArray, n_chunks: int) -> dict[str, object]:
    chunks = (min(COMPRESSED_CHUNKS, n_chunks), *array.shape)
    return {"chunks": chunks, "compression": "gzip", "shuffle": True}


def _placed_at_once() -> h5py.h5p.PropDCID:
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    return properties
