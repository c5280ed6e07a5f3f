"""A dataset in the making, which can be gone on with whatever stopped the process that made it.

The folder `<name>.h5.part` holds

`rows.h5`
    The dataset but for its numbers. HDF5 gives contiguous arrays their place when it makes them, and from then on never
    touches this file: rows are written as plain bytes to where they belong. So there is no moment at which a stop could
    damage it, all processes write at once without sending rows to each other, and in the end there is nothing to copy:
    the file takes its final name. Only to compress it, or to close the gaps of recordings that turned out shorter than
    their headers say or unreadable, is it packed into another file.
`journal`
    What the dataset was begun with, and then a line for each recording whose rows are on the disk: first the rows are
    flushed, then the line is written. A power cut may take the last lines with it, whose recordings are then done
    again; it cannot leave a line without its rows. Other parameters, versions or recordings than those of the first
    line start anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

import h5py

from spectral_transcoder.datasets.chunk_dataset import SPLITS, partial_folder
from spectral_transcoder.datasets.chunk_layout import write_layout
from spectral_transcoder.datasets.hdf5_writing import new_hdf5_file
from spectral_transcoder.datasets.row_writer import RowWriter
from spectral_transcoder.files import make_folder, open_alone, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Self

    from spectral_transcoder.datasets.chunk_layout import ChunkArray
    from spectral_transcoder.datasets.chunk_plan import Plan, PlannedFile

__all__ = ["Outcome", "PartialDataset", "differences"]

JOURNAL_ENTRY = re.compile(rb"(\d+) (\d+)\n")
"""A recording that is done: its index in the plan, and its rows."""

PACKED_ROWS = 1024
"""Rows that are copied at once."""

UNTOLD = ("date", "fingerprint", "recordings", "shard")
"""Attributes that do not tell people why datasets differ."""


@dataclass(frozen=True)
class Outcome:
    """What became of a recording."""

    index: int
    """In the plan."""
    n_chunks: int = 0
    """Rows that were written."""
    problem: str = ""
    """Why it cannot be used."""


class PartialDataset:
    """A dataset in the making; a context manager, which keeps other processes from making the same.

    Parameters
    ----------
    path
        of the dataset that is to be.
    attributes
        of the dataset; all but the date tell whether what is there can be gone on with.

    Attributes
    ----------
    done : dict of int to int
        index → rows of the recordings that are finished.
    writer : RowWriter

    Raises
    ------
    UserError
        where another process makes the same dataset, or the folder cannot be written to.
    """

    def __init__(
        self, path: Path, plan: Plan, *, arrays: Mapping[str, ChunkArray], attributes: Mapping[str, object]
    ) -> None:
        self.path = path
        self.plan = plan
        self.arrays = arrays
        self.folder = partial_folder(path)
        self.rows_path = self.folder / "rows.h5"
        self.journal_path = self.folder / "journal"
        self.attributes = attributes
        begun_with = {name: value for name, value in attributes.items() if name != "date"}
        self._head = json.loads(json.dumps({"recordings": plan.fingerprint, **begun_with}))

    def __enter__(self) -> Self:
        make_folder(self.path.parent)
        if self.journal_path.exists():
            self._journal = open_alone(self.journal_path)
            if reason := self._read_journal():
                print(f"{self.folder} is begun anew: {reason}", file=sys.stderr)
                self._journal.close()
                self._begin()
        else:
            self._begin()
        self.writer = RowWriter.of(self.rows_path)
        return self

    def __exit__(self, *details: object) -> None:
        self._journal.close()

    def record(self, outcomes: Iterable[Outcome]) -> None:
        """Note recordings whose rows are written; those that cannot be used are tried again next time."""
        finished = [outcome for outcome in outcomes if not outcome.problem]
        if not finished:
            return
        _flush_to_disk(self.rows_path)
        self._journal.write(b"".join(b"%d %d\n" % (outcome.index, outcome.n_chunks) for outcome in finished))
        self._journal.flush()
        self.done |= {outcome.index: outcome.n_chunks for outcome in finished}

    def finish(self, *, compress: bool = False) -> None:
        """Give the dataset its final name, with the rows of all recordings that are done."""
        is_whole = self.done == {file.index: file.n_chunks for file in self.plan.files}
        finished = self.rows_path if is_whole and not compress else self._pack(compress)
        _flush_to_disk(finished)
        os.replace(finished, self.path)
        self._journal.close()  # network drives do not remove what is open
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        with new_hdf5_file(self.rows_path) as (file, _):
            write_layout(file, self.plan.files, arrays=self.arrays, attributes=self.attributes)
        _flush_to_disk(self.rows_path)
        with write_whole(self.journal_path) as partial:
            partial.write_text(json.dumps(self._head) + "\n", encoding="utf-8")
        self._journal = open_alone(self.journal_path)
        self._journal.seek(0, os.SEEK_END)
        self.done: dict[int, int] = {}

    def _read_journal(self) -> str:
        """Take over what is done; gives the reason where that cannot be."""
        first, newline, rest = self._journal.read().partition(b"\n")
        try:
            head = json.loads(first)
        except ValueError:
            return "its journal is damaged"
        if head != self._head:
            return differences(head, self._head)
        if not self.rows_path.exists():
            return "its rows are missing"
        # What follows the last good line was being written at a crash.
        entries = list(takewhile(bool, map(JOURNAL_ENTRY.fullmatch, rest.splitlines(keepends=True))))
        self.done = {int(entry[1]): int(entry[2]) for entry in entries}
        self._journal.seek(len(first + newline) + sum(len(entry[0]) for entry in entries))
        self._journal.truncate()
        return ""

    def _pack(self, compress: bool) -> Path:
        """Copy the rows that are there to a file without gaps."""
        packed = self.folder / "packed.h5"
        kept = [replace(file, n_chunks=self.done.get(file.index, 0)) for file in self.plan.files]
        with h5py.File(self.rows_path) as source, new_hdf5_file(packed) as (target, check):
            write_layout(target, kept, arrays=self.arrays, attributes=self.attributes, compress=compress)
            for split in SPLITS:
                for old, new in _moves(file for file in kept if file.split == split):
                    for name in self.arrays:
                        target[split][name][new] = source[split][name][old]
                    check()
        return packed


def differences(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """Say in which parameters two datasets differ."""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    told = [f"{name} was {old.get(name)}, is {new.get(name)}" for name in names if name not in UNTOLD]
    return "; ".join(told) or "the recordings have changed"


def _moves(files: Iterable[PlannedFile]) -> Iterator[tuple[slice, slice]]:
    """Where the rows of files lie, and where they lie without gaps, a limited number at a time."""
    row = 0
    for file in files:
        for start in range(0, file.n_chunks, PACKED_ROWS):
            count = min(PACKED_ROWS, file.n_chunks - start)
            old = file.first_row + start
            yield slice(old, old + count), slice(row, row + count)
            row += count


def _flush_to_disk(path: Path) -> None:
    """Wait until all that any process has written to a file is on the disk."""
    with open(path, "r+b") as file:
        os.fsync(file.fileno())
