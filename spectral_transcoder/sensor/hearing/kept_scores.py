"""Scores of a source in the making, which can be gone on with whatever stopped the process that made them.

The folder `<name>.part` holds `rows`, the scores of block after block, and the `journal` of the batches that are there.
Levels are read anew, for that is quick; a batch that is there is not computed again, and one that a stop has cut off is
computed as a whole, so that all numbers are those of a run that nothing has stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.storage.journal import Journal, flush_to_disk, partial_folder
from audiokit.storage.row_writer import naming_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

__all__ = ["KeptScores"]


class KeptScores:
    """Scores on the disk, batch by batch; a context manager, which keeps other processes from making the same.

    Parameters
    ----------
    path
        of what is to be; the folder lies beside it.
    settings
        all that the scores depend on, the size of batches included; others than those it was begun with begin it anew.
    n_labels
        of a block.

    Attributes
    ----------
    n_there : int
        blocks that are there from an earlier run.

    Raises
    ------
    UserError
        where another process makes the same scores, or the folder cannot be written to.
    """

    def __init__(self, path: Path, settings: Mapping[str, object], *, n_labels: int) -> None:
        self._path = partial_folder(path) / "rows"
        self._journal = Journal(self._path.parent, settings, begin=self._path.touch, is_there=self._path.is_file)
        self._n_labels = n_labels
        self._n_batches = self._n_rows = 0

    def __enter__(self) -> Self:
        self._journal.__enter__()
        self.n_there = sum(self._journal.done.values())
        return self

    def __exit__(self, *details: object) -> None:
        if self._journal.done:
            self._journal.close()
        else:
            self._journal.remove()

    def scores(
        self, seconds: NDArray[np.float32], compute: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Scores of the next batch, (n_blocks, …) → (n_blocks, n_labels): those that are there, else computed ones."""
        n_blocks = len(seconds)
        start = self._n_rows * self._n_labels * np.dtype(np.float32).itemsize
        if self._journal.done.get(self._n_batches) == n_blocks:
            scores = np.fromfile(self._path, np.float32, n_blocks * self._n_labels, offset=start)
            scores = scores.reshape(n_blocks, self._n_labels)
        else:
            scores = compute(seconds)
            with naming_errors(self._path), open(self._path, "r+b") as file:
                file.seek(start)
                file.write(np.ascontiguousarray(scores, np.float32).data)
            flush_to_disk(self._path)
            self._journal.record({self._n_batches: n_blocks})
        self._n_batches += 1
        self._n_rows += n_blocks
        return scores

    def remove(self) -> None:
        """Delete the folder, its content being elsewhere."""
        self._journal.remove()
