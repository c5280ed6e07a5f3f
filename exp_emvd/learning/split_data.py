"""What a network is trained on, chosen by and tested on, read from the store of chunks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.labels.clip_store import STAMP, ClipStore
from audiokit.learning.streaming import Streamed
from exp_emvd.data.chunk_store import MEL, SINGER, TECHNIQUE
from exp_emvd.data.folds import PARTS, draw_parts, split_columns
from exp_emvd.evaluation.predictions import chunk_name
from exp_emvd.tasks import BATCH_SIZE, SINGERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from audiokit.storage.row_reader import RowReader
    from exp_emvd.tasks import Task

__all__ = ["TARGET", "EmvdData", "read_data"]

TRAIN, VALID, EVAL = PARTS
TARGET = "target"


@dataclass(frozen=True)
class EmvdData:
    """The chunks of all recordings, and what each recording is for in each split."""

    names: tuple[str, ...]
    """Of the recordings, (n_recordings,)."""

    techniques: NDArray[np.str_]
    singers: NDArray[np.int64]
    parts: Mapping[int, NDArray[np.str_]]
    """Split → part of each recording, (n_recordings,)."""

    recording_of_row: NDArray[np.int64]
    """(n_chunks,)"""

    mels: RowReader
    """(n_chunks, 128, 192), read when asked for."""

    sizes: NDArray[np.int64]
    """Of the recordings' files in bytes, (n_recordings,). When a file was changed is not told, as a data set that was
    fetched anew is the same."""

    def rows(self, task: Task, split: int, part: str, *, paper: bool = False) -> NDArray[np.int64]:
        """Chunks of a part of a split, in their order.

        Parameters
        ----------
        paper
            Where networks are trained on clear voices alone: choose the best one by all voices, as the original does,
            in place of by clear ones.

        Raises
        ------
        UserError
            where there is none.
        """
        is_in = self.parts[split] == part
        if part == TRAIN or (part == VALID and not paper):
            is_in = is_in & task.trained_on(self.techniques)
        rows = np.flatnonzero(is_in[self.recording_of_row])
        if not len(rows):
            raise UserError(
                f"split{split} has no recording for {part} in {task.name}: draw other folds by create_split_k_fold.py"
            )
        return rows

    def sources(
        self, task: Task, split: int, *, batch_size: int = BATCH_SIZE, seed: int = 0, paper: bool = False
    ) -> dict[str, Streamed]:
        """Batches of the parts of a split: training in draws with replacement, the others in order."""
        targets = task.targets(self.techniques, self.singers)[self.recording_of_row]
        sources = {}
        for part in PARTS:
            rows = self.rows(task, split, part, paper=paper)
            weights = _weights(targets[rows], balanced=task.is_balanced) if part == TRAIN else None
            arrays = {"mel": self.mels, TARGET: targets}
            sources[part] = Streamed(arrays, rows, batch_size, seed=seed, shuffled=False, weights=weights)
        return sources

    def chunk_names(self, rows: NDArray[np.int64]) -> NDArray[np.str_]:
        """Names of chunks, (n_rows,)."""
        first = np.searchsorted(self.recording_of_row, self.recording_of_row)
        return np.array([chunk_name(self.names[self.recording_of_row[row]], row - first[row]) for row in rows])

    def shared_singers(self, task: Task, split: int) -> tuple[int, int]:
        """How many of the singers that a split is tested on are heard in its training, and how many there are."""
        recordings = (self.recording_of_row[self.rows(task, split, part)] for part in (TRAIN, EVAL))
        trained, tested = (set(self.singers[numbers]) for numbers in recordings)
        return len(trained & tested), len(tested)

    def unheard_labels(self, task: Task, split: int) -> list[str]:
        """Labels that a split is tested on, and not trained on, in the task's order."""
        targets = task.targets(self.techniques, self.singers)[self.recording_of_row]
        trained, tested = (set(targets[self.rows(task, split, part)]) for part in (TRAIN, EVAL))
        return [task.labels[index] for index in sorted(tested - trained)]

    def check_singers(self, task: Task, split: int) -> None:
        """Refuse to tell apart singers that were never heard.

        Raises
        ------
        UserError
            where the task is to know singers again, and a split is tested on none that it is trained on.
        """
        if task.labels == SINGERS and not self.shared_singers(task, split)[0]:
            raise UserError(
                f"split{split} is tested on no singer that it is trained on, so {task.name} cannot know any: use folds "
                "by file"
            )

    def fingerprint(self, split: int) -> str:
        """Short text that tells the recordings of a split and their parts from others."""
        n_chunks = np.bincount(self.recording_of_row, minlength=len(self.names))
        return _digest(self.names, self.parts[split], n_chunks)

    def content_fingerprint(self) -> str:
        """Short text that tells what is sung in the recordings, by whom, and their files from others."""
        return _digest(self.names, self.techniques, self.singers, self.sizes)


def _digest(*columns: Iterable) -> str:
    lines = zip(*columns, strict=True)
    return hashlib.sha256("\n".join(map(str, lines)).encode()).hexdigest()[:16]


def read_data(path: Path, *, by_singer: bool = False) -> EmvdData:
    """Read what a store of chunks says of its recordings.

    Parameters
    ----------
    path
        of the store.
    by_singer
        draw as many folds as it holds anew, with whole singers, always the same ones.

    Raises
    ------
    UserError
        where there is no such store, or it holds no folds.
    """
    with ClipStore(path, remedy="make it by create_dataset.py") as store:
        columns = store.columns
        if missing := {TECHNIQUE, SINGER} - columns.keys():
            raise UserError(
                f"{path} says nothing of the {min(missing)} of its recordings: make it by create_dataset.py"
            )
        techniques, singers = columns[TECHNIQUE].astype(str), columns[SINGER]
        parts = _parts(columns)
        if not parts:
            raise UserError(f"{path} holds no folds: make it by create_dataset.py")
        if by_singer:
            parts = draw_parts(techniques, singers, n_splits=len(parts), by_singer=True)
        return EmvdData(
            names=tuple(store.names),
            techniques=techniques,
            singers=singers,
            parts=dict(enumerate(parts)),
            recording_of_row=store.clip_of_row,
            mels=store.reader(MEL),
            sizes=columns[STAMP][:, 0],
        )


def _parts(columns: Mapping[str, NDArray]) -> list[NDArray[np.str_]]:
    """Columns of the folds by their numbers, as HDF5 gives them by the alphabet."""
    return [columns[name].astype(str) for name in sorted(split_columns(columns), key=lambda name: (len(name), name))]


def _weights(targets: NDArray[np.int64], *, balanced: bool) -> NDArray[np.float64]:
    """How often each chunk is drawn: all alike, or all labels alike."""
    return 1 / np.bincount(targets)[targets] if balanced else np.ones(len(targets))
