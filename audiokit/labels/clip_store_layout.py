"""What a store of labelled clips says of its recordings: written before the rows, and compared later."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import h5py
import numpy as np

from audiokit.files import changed_files
from audiokit.labels.clip_store import CLIPS, FIRST_ROW, FORMAT, LEFT_OUT, N_ROWS, NAME, ROWS, SETTINGS, STAMP
from audiokit.storage.row_arrays import create_row_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from audiokit.labels.clip_store import ClipStore
    from audiokit.storage.row_arrays import RowArray

__all__ = ["changes", "write_layout"]


def write_layout(
    file: h5py.File,
    names: Sequence[str],
    n_rows: NDArray[np.int64],
    *,
    arrays: Mapping[str, RowArray],
    columns: Mapping[str, NDArray],
    left_out: Mapping[str, tuple[int, int]],
    settings: Mapping[str, object],
    compress: bool,
) -> None:
    """Write what a store says of its recordings, and make room for their rows.

    Parameters
    ----------
    names, n_rows : (n_clips,)
        of the recordings; 1 row or more each.
    arrays
        what a row holds.
    columns
        what is known of the recordings: name → (n_clips, …).
    left_out
        recordings that gave no row: name → stamp.
    settings
        what tells this store from others, as JSON has it.
    compress
        the rows, without loss.
    """
    file.attrs.update({"format": FORMAT, SETTINGS: json.dumps(settings), "date": f"{datetime.now(UTC):%Y-%m-%d}"})
    clips = file.create_group(CLIPS)
    clips[FIRST_ROW] = np.cumsum(n_rows) - n_rows
    clips[N_ROWS] = n_rows
    for name, values in {NAME: np.asarray(names), **columns}.items():
        _write_column(clips, name, values)
    without_rows = file.create_group(LEFT_OUT)
    _write_column(without_rows, NAME, np.asarray([*left_out], object))
    _write_column(without_rows, STAMP, np.array([*left_out.values()], np.int64).reshape(-1, 2))
    create_row_arrays(file.create_group(ROWS), arrays, int(n_rows.sum()), compress=compress)


def _write_column(group: h5py.Group, name: str, column: NDArray) -> None:
    if column.dtype.kind in "OU":
        group.create_dataset(name, data=column.astype(object), dtype=h5py.string_dtype())
    else:
        group[name] = column


def changes(store: ClipStore, paths: Mapping[str, Path], columns: Mapping[str, Sequence]) -> str:
    """What is not as it was when a store was made, in words; empty where all is.

    Recordings that are not here any more are taken for the same.

    Parameters
    ----------
    paths
        name → place of the recordings that are asked for, in their order, n_clips of them.
    columns
        what is known of them: name → (n_clips, …).
    """
    numbers = {name: number for number, name in enumerate(paths)}
    if gone := [name for name in store.names if name not in numbers]:
        return f"{len(gone)} other recordings, such as {gone[0]}"
    order = [numbers[name] for name in store.names]
    for name, column in columns.items():
        if np.asarray(column)[order].tolist() != store.columns[name].tolist():
            return f"other values of {name}"
    stamps = dict(zip(store.names, store.columns[STAMP], strict=True))
    stamps |= {name: stamp for name, stamp in store.left_out.items() if name in paths}
    changed = changed_files([paths[name] for name in stamps], stamps.values())
    return f"{list(stamps)[changed[0]]} has changed" if changed else ""
