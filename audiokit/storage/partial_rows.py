"""An HDF5 file of rows in the making, which can be gone on with whatever stopped the process that made it.

The folder `<name>.h5.part` holds the `journal`, and `rows.h5`, the file but for its numbers. HDF5 gives contiguous
arrays their place when it makes them, and from then on never touches this file: rows are written as plain bytes to
where they belong. So there is no moment at which a stop could damage it, all processes write at once without sending
rows to each other, and in the end there is nothing to copy: the file takes its final name. Only to compress it, or to
close the gaps of recordings that turned out shorter than their headers say or unreadable, is it packed into another
file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import h5py

from audiokit.storage.hdf5_writing import new_hdf5_file
from audiokit.storage.journal import Journal, flush_to_disk, partial_folder
from audiokit.storage.row_writer import RowWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

__all__ = ["Outcome", "Part", "PartialRows"]

PACKED_ROWS = 1024
"""Rows that are copied at once."""


@dataclass(frozen=True)
class Part:
    """Successive rows that come of one recording."""

    index: int
    group: str
    """Of the HDF5 file."""
    first_row: int
    """In the group's arrays."""
    n_rows: int
    """As many as its header promises."""


@dataclass(frozen=True)
class Outcome:
    """What became of a recording."""

    index: int
    """Of its part."""
    n_rows: int = 0
    """Rows that were written."""
    problem: str = ""
    """Why it cannot be used."""
    notes: tuple[str, ...] = ()
    """How it was read, where that needs telling."""


class PartialRows:
    """A file of rows in the making; a context manager, which keeps other processes from making the same.

    Parameters
    ----------
    path
        of the file that is to be.
    parts
        the first row of each is where the ones before it in its group end.
    write_layout
        writes to an empty file all but the numbers, with arrays by `create_row_arrays`; called with the file, the rows
        that each part has, and whether the arrays are to be compressed.
    arrays
        names of the arrays in each group.
    begun_with
        tells whether what is there can be gone on with.

    Attributes
    ----------
    writer : RowWriter

    Raises
    ------
    UserError
        where another process makes the same file, or the folder cannot be written to.
    """

    def __init__(
        self,
        path: Path,
        parts: Sequence[Part],
        *,
        write_layout: Callable[[h5py.File, Sequence[int], bool], None],
        arrays: Iterable[str],
        begun_with: Mapping[str, object],
    ) -> None:
        self.path = path
        self.parts = parts
        self.arrays = tuple(arrays)
        self.write_layout = write_layout
        self.folder = partial_folder(path)
        self.rows_path = self.folder / "rows.h5"
        self._journal = Journal(self.folder, begun_with, begin=self._begin, is_there=self.rows_path.exists)

    def __enter__(self) -> Self:
        self._journal.__enter__()
        self.writer = RowWriter.of(self.rows_path)
        return self

    def __exit__(self, *details: object) -> None:
        self._journal.close()

    @property
    def done(self) -> dict[int, int]:
        """Index → rows of the parts that are finished."""
        return self._journal.done

    @property
    def notes(self) -> Mapping[int, Sequence[str]]:
        """Index → how the parts that are finished were read, where that needs telling."""
        return self._journal.notes

    def record(self, outcomes: Iterable[Outcome]) -> None:
        """Note recordings whose rows are written; those that cannot be used are tried again next time."""
        finished = [outcome for outcome in outcomes if not outcome.problem]
        if finished:
            flush_to_disk(self.rows_path)
            notes = {outcome.index: outcome.notes for outcome in finished if outcome.notes}
            self._journal.record({outcome.index: outcome.n_rows for outcome in finished}, notes)

    def finish(self, *, compress: bool = False) -> None:
        """Give the file its final name, with the rows of all recordings that are done."""
        is_whole = self.done == {part.index: part.n_rows for part in self.parts}
        finished = self.rows_path if is_whole and not compress else self._pack(compress)
        flush_to_disk(finished)
        os.replace(finished, self.path)
        self._journal.remove()

    def _begin(self) -> None:
        with new_hdf5_file(self.rows_path) as (file, _):
            self.write_layout(file, [part.n_rows for part in self.parts], False)
        flush_to_disk(self.rows_path)

    def _pack(self, compress: bool) -> Path:
        """Copy the rows that are there to a file without gaps."""
        packed = self.folder / "packed.h5"
        kept = [replace(part, n_rows=self.done.get(part.index, 0)) for part in self.parts]
        with h5py.File(self.rows_path) as source, new_hdf5_file(packed) as (target, check):
            self.write_layout(target, [part.n_rows for part in kept], compress)
            for group in dict.fromkeys(part.group for part in kept):
                for old, new in _moves(part for part in kept if part.group == group):
                    for name in self.arrays:
                        target[group][name][new] = source[group][name][old]
                    check()
        return packed


def _moves(parts: Iterable[Part]) -> Iterator[tuple[slice, slice]]:
    """Where the rows of parts lie, and where they lie without gaps, a limited number at a time."""
    row = 0
    for part in parts:
        for start in range(0, part.n_rows, PACKED_ROWS):
            count = min(PACKED_ROWS, part.n_rows - start)
            old = part.first_row + start
            yield slice(old, old + count), slice(row, row + count)
            row += count
