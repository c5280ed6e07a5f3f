"""Scores in the making, which can be gone on with whatever stopped the process that made them.

The folder `<name>.h5.part` holds `settings.json`, what the scores are of, and `rows`, to which each recording appends
its scores and then its number, all rows being equally long. Rows are flushed to the disk as they come; one that a crash
has cut off is dropped.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.files import make_folder, open_alone, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

    from spectral_transcoder.classification.clip_scores import ScoredClip

__all__ = ["PartialScores"]


class PartialScores:
    """Rows of scores on the disk; a context manager, which keeps other processes from making the same.

    Parameters
    ----------
    path
        of the file that is to be.
    settings
        others than those it was begun with begin it anew.
    n_clips
    n_scores
        of a recording, by all models.

    Attributes
    ----------
    done : (n_done,) integers
        numbers of the recordings that are there.

    Raises
    ------
    UserError
        where another process makes the same scores, or the folder cannot be written to.
    """

    def __init__(self, path: Path, settings: Mapping[str, object], *, n_clips: int, n_scores: int) -> None:
        self.folder = path.with_name(f"{path.name}.part")
        self.settings = json.loads(json.dumps(settings))
        self.n_clips = n_clips
        # Numbers come last, and from 1: what a crash leaves unwritten reads as 0.
        self._row = np.dtype([("scores", "<f4", (n_scores,)), ("number", "<i8")])

    def __enter__(self) -> Self:
        begun_with = make_folder(self.folder) / "settings.json"
        rows = self.folder / "rows"
        rows.touch()
        self._file = open_alone(rows)  # closed by __exit__
        if _content(begun_with) != self.settings:
            if rows.stat().st_size > 0:
                print(f"{self.folder} is begun anew: the models or the recordings have changed", file=sys.stderr)
            self._file.truncate(0)
            os.fsync(self._file.fileno())
            with write_whole(begun_with) as partial:
                partial.write_text(json.dumps(self.settings), encoding="utf-8")
        numbers = np.array(self._rows()["number"])
        self.done = (numbers - 1).astype(np.int64)
        self._file.truncate(len(numbers) * self._row.itemsize)
        self._file.seek(0, os.SEEK_END)
        return self

    def __exit__(self, *details: object) -> None:
        self._file.close()

    def record(self, clips: Sequence[ScoredClip]) -> None:
        """Add recordings; those that cannot be used are tried again next time."""
        usable = [clip for clip in clips if clip.scores is not None]
        rows = np.array([(clip.scores, clip.index + 1) for clip in usable], self._row)
        self._file.write(rows.tobytes())
        self._file.flush()
        os.fsync(self._file.fileno())

    def scores(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Numbers of all recordings that are there, in increasing order, and their scores, (n, n_scores)."""
        rows = self._rows()
        numbers, order = np.unique(rows["number"], return_index=True)
        return (numbers - 1).astype(np.int64), rows["scores"][order]

    def remove(self) -> None:
        """Delete the folder, its content being elsewhere."""
        self._file.close()  # network drives do not remove what is open
        shutil.rmtree(self.folder, ignore_errors=True)

    def _rows(self) -> NDArray:
        """All whole rows, read where they are used."""
        n_rows = os.fstat(self._file.fileno()).st_size // self._row.itemsize
        rows = np.memmap(self._file, self._row, "r", shape=n_rows) if n_rows else np.empty(0, self._row)
        valid = (rows["number"] >= 1) & (rows["number"] <= self.n_clips)
        return rows if valid.all() else rows[: int(valid.argmin())]


def _content(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
