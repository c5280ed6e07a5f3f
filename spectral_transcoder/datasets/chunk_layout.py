"""The HDF5 file of a dataset before its numbers are written; `chunk_dataset` tells what is in it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import h5py
import numpy as np

from audiokit.storage.row_arrays import create_row_arrays
from spectral_transcoder.datasets.chunk_dataset import FNAME, FORMAT, NAME, RECORDINGS, SCENE, SPLITS, STAMP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audiokit.storage.row_arrays import RowArray
    from spectral_transcoder.datasets.chunk_plan import PlannedFile

__all__ = ["write_layout", "write_stamps"]

TEXTS_AT_ONCE = 1 << 16
"""File names that are in memory at a time."""


def write_layout(
    file: h5py.File,
    files: Sequence[PlannedFile],
    *,
    n_chunks: Sequence[int],
    arrays: Mapping[str, RowArray],
    attributes: Mapping[str, object],
    compress: bool = False,
) -> None:
    """Write all of a dataset but the numbers, with as many rows of each file as `n_chunks` says."""
    file.attrs.update({"format": FORMAT, **attributes})
    write_stamps(file, {member.name: member.stamp for member, count in zip(files, n_chunks, strict=True) if count})
    for split in SPLITS:
        group = file.create_group(split)
        members = [(member, count) for member, count in zip(files, n_chunks, strict=True) if member.split == split]
        n_rows = sum(count for _, count in members)
        group.attrs.update(n_files=sum(count > 0 for _, count in members), n_chunks=n_rows)
        create_row_arrays(group, arrays, n_rows, compress=compress)
        fnames = (f"{member.name}_{second}" for member, count in members for second in range(count))
        scenes = (member.scene for member, count in members for _ in range(count))
        for name, texts in ((FNAME, fnames), (SCENE, scenes)):
            dataset = group.create_dataset(name, (n_rows,), h5py.string_dtype())
            for start in range(0, n_rows, TEXTS_AT_ONCE):
                dataset[start : start + TEXTS_AT_ONCE] = list(islice(texts, TEXTS_AT_ONCE))


def write_stamps(file: h5py.File, stamps: Mapping[str, tuple[int, int]]) -> None:
    """Write down what the recordings are: name → `audiokit.files.stamp`."""
    group = file.create_group(RECORDINGS)
    group.create_dataset(NAME, data=list(stamps), dtype=h5py.string_dtype())
    group[STAMP] = np.array(list(stamps.values()), np.int64).reshape(-1, 2)
