"""Scores in the making, which can be gone on with whatever stopped the process that made them.

The folder `<name>.h5.part` holds `rows`, the scores of each recording in its place, `stamps`, which tell whether it has
changed since, and the `journal` of those that are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.files import UNKNOWN_STAMP
from audiokit.storage.journal import Journal, flush_to_disk, partial_folder
from audiokit.storage.row_writer import naming_errors

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
    stamps : (n_clips, 2)
        `audiokit.files.stamp` of each recording; `UNKNOWN_STAMP` where it is not here.
    n_scores
        of a recording, by all models.

    Raises
    ------
    UserError
        where another process makes the same scores, or the folder cannot be written to.
    """

    def __init__(self, path: Path, settings: Mapping[str, object], *, stamps: NDArray[np.int64], n_scores: int) -> None:
        self.shape = len(stamps), n_scores
        self._stamps = stamps
        self._path = partial_folder(path) / "rows"
        self._stamps_path = self._path.with_name("stamps")
        self._journal = Journal(self._path.parent, settings, begin=self._begin, is_there=self._is_there)

    def __enter__(self) -> Self:
        self._journal.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._journal.close()

    @property
    def done(self) -> NDArray[np.int64]:
        """Numbers of the recordings that are there and have not changed since, in increasing order."""
        n_clips, _ = self.shape
        done = np.array(sorted(number for number in self._journal.done if number < n_clips), np.int64)
        is_same = (self._stamps[done] == np.fromfile(self._stamps_path, np.int64).reshape(-1, 2)[done]).all(axis=1)
        return done[is_same | (self._stamps[done] == UNKNOWN_STAMP).all(axis=1)]

    def record(self, clips: Sequence[ScoredClip]) -> None:
        """Add recordings; those that cannot be used are tried again next time."""
        usable = [clip for clip in clips if clip.scores is not None]
        if not usable:
            return
        _write_rows(self._path, {clip.index: np.ascontiguousarray(clip.scores, np.float32) for clip in usable})
        _write_rows(self._stamps_path, {clip.index: self._stamps[clip.index] for clip in usable})
        self._journal.record({clip.index: 1 for clip in usable})

    def scores(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Numbers of all recordings that are there, in increasing order, and their scores, (n, n_scores)."""
        done = self.done
        _, n_scores = self.shape
        if len(done) == 0 or n_scores == 0:
            return done, np.empty((len(done), n_scores), np.float32)
        # Up to the last one that is there: after it may be one that a crash has cut off.
        return done, np.memmap(self._path, np.float32, "r", shape=(done[-1] + 1, n_scores))[done]

    def _begin(self) -> None:
        self._path.touch()
        np.zeros_like(self._stamps).tofile(self._stamps_path)

    def _is_there(self) -> bool:
        n_bytes = self._stamps_path.stat().st_size if self._stamps_path.is_file() else 0
        return self._path.is_file() and n_bytes == self._stamps.nbytes

    def remove(self) -> None:
        """Delete the folder, its content being elsewhere."""
        self._journal.remove()


def _write_rows(path: Path, rows: Mapping[int, NDArray]) -> None:
    """Write equally long rows to their places in a file, and wait until they are on the disk."""
    with naming_errors(path), open(path, "r+b") as file:
        for number, row in rows.items():
            file.seek(number * row.nbytes)
            file.write(row.data)
    flush_to_disk(path)
