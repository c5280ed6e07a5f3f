"""What is done of a long piece of work, on the disk, so that it is gone on with whatever stopped it.

A folder `<name>.part` holds what is being made, and `journal`: a line of what the work was begun with, and then one for
each part of it that is on the disk. First what was made is flushed, then the line is written: a power cut may take the
last lines with it, whose parts are then done again; it cannot leave a line without what it speaks of. Other settings
than those of the first line begin the work anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from contextlib import ExitStack, suppress
from itertools import takewhile
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import make_folder, output_file
from audiokit.storage.holding import hold, remove_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Self

__all__ = ["Journal", "differences", "flush_to_disk", "partial_folder", "remove_remains"]

ENTRY = re.compile(rb"(\d+) (\d+)(?: (\[.*\]))?\n")
"""A part that is done: its number, the rows it has, and what is to be told of it."""

UNTOLD = ("date", "fingerprint", "recordings", "shard")
"""Settings that do not tell people why one piece of work differs from another."""

LONGEST_TOLD = 80
"""Characters of a setting that people would read."""

DIGEST = re.compile("[0-9a-f]{64}")
"""SHA-256, which nobody would."""


class Journal:
    """The journal of a folder; a context manager, which keeps other processes from doing the same work.

    Parameters
    ----------
    folder
        of what is being made; a journal that is there is gone on with.
    begun_with
        what tells the work from another one, as JSON has it.
    begin
        makes in the folder, which holds nothing then, what entries will speak of.
    is_there
        whether that is in the folder.

    Attributes
    ----------
    done : dict of int to int
        number of a part → rows it has.
    notes : dict of int to sequence of str
        number of a part → what is to be told of it, where there is something.

    Raises
    ------
    UserError
        where another process has the same folder in work, or it cannot be written to.
    """

    def __init__(
        self,
        folder: Path,
        begun_with: Mapping[str, object],
        *,
        begin: Callable[[], None],
        is_there: Callable[[], bool],
    ) -> None:
        self.folder = folder
        self.path = folder / "journal"
        self.done: dict[int, int] = {}
        self.notes: dict[int, Sequence[str]] = {}
        self._head = json.loads(json.dumps(begun_with))
        self._begin_work = begin
        self._is_there = is_there

    def __enter__(self) -> Self:
        make_folder(self.folder.parent)
        with ExitStack() as stack:
            stack.enter_context(hold(self.folder))
            remove_parts(self.folder.with_suffix(""))
            self.folder.mkdir(exist_ok=True)
            self.path.touch()
            self._file = stack.enter_context(open(self.path, "r+b"))
            if reason := self._read():
                if self._file.tell() or self.done:
                    print(f"{self.folder} is begun anew: {reason}", file=sys.stderr)
                self._begin()
            self._held = stack.pop_all()
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def record(self, entries: Mapping[int, int], notes: Mapping[int, Sequence[str]] | None = None) -> None:
        """Note parts that are done: number → rows; what they are must be on the disk.

        Parameters
        ----------
        notes
            number → what is to be told in the end, also by a process that goes on with it.
        """
        told = notes or {}
        self._file.write(b"".join(_entry(number, rows, told.get(number)) for number, rows in entries.items()))
        self._file.flush()
        self.done |= entries
        self.notes |= told

    def close(self) -> None:
        """Let other processes go on with it."""
        self._held.close()

    def remove(self) -> None:
        """Delete the folder, its content being elsewhere."""
        self._file.close()  # network drives do not remove what is open
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self) -> None:
        for path in self.folder.iterdir():
            if path != self.path:
                path.unlink()
        self.done = {}
        self.notes = {}
        self._file.seek(0)
        self._file.truncate()
        self._begin_work()
        self._file.write(json.dumps(self._head).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self) -> str:
        """Take over what is done; gives the reason where that cannot be."""
        first, newline, rest = self._file.read().partition(b"\n")
        try:
            head = json.loads(first)
        except ValueError:
            return "its journal is damaged"
        if head != self._head:
            return differences(head, self._head)
        if not self._is_there():
            return "what it was writing to is missing"
        # What follows the last good line was being written at a crash.
        entries = list(takewhile(bool, map(ENTRY.fullmatch, rest.splitlines(keepends=True))))
        self.done = {int(entry[1]): int(entry[2]) for entry in entries}
        self.notes = {int(entry[1]): json.loads(entry[3]) for entry in entries if entry[3]}
        self._file.seek(len(first + newline) + sum(len(entry[0]) for entry in entries))
        self._file.truncate()
        return ""


def _entry(number: int, rows: int, notes: Sequence[str] | None) -> bytes:
    told = f" {json.dumps(notes)}" if notes else ""
    return f"{number} {rows}{told}\n".encode()


def partial_folder(path: Path) -> Path:
    """Where a file lies until it is complete.

    Raises
    ------
    UserError
        as `files.output_file`.
    """
    path = output_file(path)
    return path.with_name(f"{path.name}.part")


def remove_remains(path: Path) -> None:
    """Delete what a process that was stopped while it cleaned up has left beside a file that is complete."""
    folder = partial_folder(path)
    with suppress(UserError), hold(folder):
        shutil.rmtree(folder, ignore_errors=True)


def differences(old: object, new: Mapping[str, object]) -> str:
    """Say in which settings two pieces of work differ."""
    old = old if isinstance(old, dict) else {}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    told = [_difference(name, old.get(name), new.get(name)) for name in names if name not in UNTOLD]
    return "; ".join(told) or "the recordings have changed"


def _difference(name: str, old: object, new: object) -> str:
    if max(len(str(old)), len(str(new))) > LONGEST_TOLD or DIGEST.fullmatch(str(new)):
        return f"{name}: changed"
    return f"{name} was {old}, is {new}"


def flush_to_disk(path: Path) -> None:
    """Wait until all that any process has written to a file is on the disk."""
    with open(path, "r+b") as file:
        os.fsync(file.fileno())
