"""Labelled recordings as rows of numbers, in one HDF5 file: what classifiers are trained on and tested with.

Group `clips`, a value a recording
    `name` UTF-8; `first_row` and `n_rows`, where its rows are; and what else is known of it: labels, singer, fold …
Group `rows`, a row a piece of a recording
    `mel_spectrogram`, `segment` … (n_rows, …), contiguous, the rows of a recording one after the other.

Group `left_out`
    `name` and `stamp` of the recordings that were decoded, and gave no row.

What holds for a recording as a whole is stored once, and so is each piece of it, however many folds it is in.
Attributes of the file hold all that it was made with.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING

import h5py
import numpy as np

from audiokit.errors import UserError
from audiokit.files import UNKNOWN_STAMP
from audiokit.storage.hdf5_reading import open_hdf5_file
from audiokit.storage.journal import partial_folder
from audiokit.storage.row_reader import RowReader

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

__all__ = ["CLIPS", "FIRST_ROW", "FORMAT", "LEFT_OUT", "NAME", "N_ROWS", "ROWS", "SETTINGS", "STAMP", "ClipStore"]

FORMAT = "audiokit labelled clips"
CLIPS, ROWS = "clips", "rows"
NAME, FIRST_ROW, N_ROWS = "name", "first_row", "n_rows"
STAMP = "stamp"
"""`audiokit.files.stamp` of the recording."""

SETTINGS = "settings"
LEFT_OUT = "left_out"
"""Group with the recordings that were decoded, and gave no row."""


class ClipStore:
    """A store that is open for reading; a context manager.

    Parameters
    ----------
    path
        of the file.
    remedy
        how to make it, for the message where it is missing.

    Raises
    ------
    UserError
        where it is missing, not complete, damaged, or something else.
    """

    def __init__(self, path: Path, *, remedy: str = "make it first") -> None:
        self.path = path
        if not path.is_file():
            is_begun = partial_folder(path).is_dir()
            state = "is not complete: run the command that makes it again, it goes on where it was"
            raise UserError(f"{path} {state}" if is_begun else f"there is no {path}: {remedy}")
        self._file = open_hdf5_file(path, remedy=f"delete it, and {remedy}")
        if self._file.attrs.get("format") != FORMAT:
            self.close()
            raise UserError(f"{path} is no store of labelled clips: delete it, and {remedy}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; arrays that were taken stay."""
        self._file.close()

    @property
    def settings(self) -> dict[str, object]:
        """All that it was made with."""
        return json.loads(self._file.attrs[SETTINGS])

    @cached_property
    def names(self) -> list[str]:
        """Of the recordings, in their order."""
        return self._file[CLIPS][NAME].asstr()[:].tolist()

    @cached_property
    def columns(self) -> dict[str, NDArray]:
        """What is known of the recordings: name → (n_clips, …); strings as objects."""
        own = (NAME, FIRST_ROW, N_ROWS)
        return {name: _values(column) for name, column in self._file[CLIPS].items() if name not in own}

    @cached_property
    def first_rows(self) -> NDArray[np.int64]:
        """Where the rows of each recording begin, (n_clips,)."""
        return self._file[CLIPS][FIRST_ROW][:]

    @cached_property
    def n_rows(self) -> NDArray[np.int64]:
        """Rows of each recording, (n_clips,), 1 or more."""
        return self._file[CLIPS][N_ROWS][:]

    @property
    def left_out(self) -> dict[str, tuple[int, int]]:
        """Recordings that were tried, and gave no row: name → stamp."""
        if LEFT_OUT not in self._file:
            return {}
        group = self._file[LEFT_OUT]
        names = group[NAME].asstr()[:].tolist()
        # Files that were written before there were stamps have none.
        stamps = map(tuple, group[STAMP][:].tolist()) if STAMP in group else [UNKNOWN_STAMP] * len(names)
        return dict(zip(names, stamps, strict=True))

    @property
    def n_rows_in_all(self) -> int:
        """Rows of all recordings."""
        return int(self.n_rows.sum())

    @property
    def clip_of_row(self) -> NDArray[np.int64]:
        """Number of the recording that a row is of, (n_rows_in_all,)."""
        return np.repeat(np.arange(len(self.n_rows)), self.n_rows)

    def rows_of(self, clips: NDArray) -> NDArray[np.int64]:
        """Numbers of the rows of some recordings, in the order of these.

        Parameters
        ----------
        clips
            their numbers, or (n_clips,) booleans.
        """
        chosen = np.arange(len(self.n_rows))[np.asarray(clips)]
        if len(chosen) == 0:
            return np.empty(0, np.int64)
        starts = self.first_rows[chosen]
        return np.concatenate(
            [np.arange(start, start + count) for start, count in zip(starts, self.n_rows[chosen], strict=True)]
        )

    def fingerprint(self, clips: NDArray | None = None) -> str:
        """Tells what is stored of some recordings, in their order, from what is stored of any others.

        Parameters
        ----------
        clips
            their numbers; all of them by default.
        """
        chosen = slice(None) if clips is None else np.asarray(clips)
        columns = {NAME: np.asarray(self.names, object), N_ROWS: self.n_rows, **self.columns}
        told = {name: column[chosen].tolist() for name, column in columns.items()}
        return hashlib.sha256(json.dumps([self.settings, told], sort_keys=True).encode()).hexdigest()

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of the arrays."""
        return tuple(self._file[ROWS])

    def array(self, name: str) -> NDArray:
        """An array, (n_rows_in_all, …), mapped to memory: only what is read of it is fetched from the disk."""
        dataset = self._file[ROWS][name]
        if dataset.size == 0:
            return np.empty(dataset.shape, dataset.dtype)
        return np.memmap(self.path, dataset.dtype, "r", offset=dataset.id.get_offset(), shape=dataset.shape)

    def reader(self, name: str) -> RowReader:
        """What reads rows of an array by their numbers, and keeps none of them in memory."""
        return RowReader.of(self.path, self._file[ROWS][name])

    def description(self, name: str) -> str:
        """Unit of an array."""
        return str(self._file[ROWS][name].attrs["unit"])


def _values(column: h5py.Dataset) -> NDArray:
    return column.asstr()[:] if h5py.check_string_dtype(column.dtype) else column[:]
