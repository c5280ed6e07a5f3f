"""The store of segments: each recording is decoded and resampled once, by all cores, and kept with labels and split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.labels.clip_store import ClipStore
from audiokit.labels.clip_store_creation import StoredClip, create_clip_store
from exp_samplecnn.segments import FULL_SCALE, SEGMENT, ClipSegments
from exp_samplecnn.tasks import TASKS

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from audiokit.labels.clip_store_creation import Summary
    from audiokit.storage.row_reader import RowReader
    from exp_samplecnn.data.clips import Clips
    from exp_samplecnn.segments import SampleType
    from exp_samplecnn.tasks import Extension, Task

__all__ = ["SegmentStore", "create_segment_store", "store_path"]

LABELS, SPLIT, TARGETS = "labels", "split", "targets"


def store_path(data: Path, task: Task) -> Path:
    """Where the store of a task lies below `--data-dir`."""
    return data / task.name / "segments.h5"


def create_segment_store(
    clips: Clips,
    task: Task,
    path: Path,
    *,
    sample_type: SampleType = "int16",
    extension: Extension | None = None,
    workers: int | None = None,
) -> Summary:
    """Make a store, or go on with it; recordings that cannot be decoded are left out, and named in the summary.

    Parameters
    ----------
    extension
        of clips that are too short; None: what suits the task.
    workers
        processes; one for each core by default.

    Raises
    ------
    UserError
        as `create_clip_store`.
    """
    return create_clip_store(
        path,
        [StoredClip(path, name) for path, name in zip(clips.paths, clips.names, strict=True)],
        ClipSegments(task, sample_type, extension or task.extension),
        columns={SPLIT: clips.splits, TARGETS: clips.targets},
        settings={LABELS: list(clips.labels)},
        workers=workers,
        skip_errors=True,
    )


@dataclass(frozen=True)
class SegmentStore:
    """A store as trainings and evaluations see it."""

    path: Path
    task: Task
    """With the labels that are there."""
    names: list[str]
    """Of the clips."""
    splits: NDArray
    """(n_clips,)"""
    targets: NDArray[np.uint8]
    """(n_clips, n_labels)"""
    clip_of_row: NDArray[np.int64]
    """(n_segments,)"""
    segments: RowReader
    """(n_segments, segment_samples)"""
    fingerprint: str
    """Tells what it holds from what another one does."""

    @classmethod
    def open(cls, path: Path, task_name: str) -> Self:
        """Read all but the sound, of which rows can then be had.

        Raises
        ------
        UserError
            where the store is missing or damaged.
        """
        with ClipStore(path, remedy=f"make it by exp_samplecnn/build_dataset.py {task_name}") as store:
            return cls(
                path=path,
                task=TASKS[task_name].telling(store.settings[LABELS]),
                names=store.names,
                splits=store.columns[SPLIT],
                targets=store.columns[TARGETS],
                clip_of_row=store.clip_of_row,
                segments=store.reader(SEGMENT),
                fingerprint=store.fingerprint(),
            )

    @property
    def title(self) -> str:
        """For people."""
        title = TASKS[self.task.name].title
        is_own = self.task.labels != TASKS[self.task.name].labels
        return f"{len(self.task.labels)} labels in the layout of {title}" if is_own else title

    @property
    def full_scale(self) -> int:
        """What a sample of 1 is in the store."""
        return FULL_SCALE if self.segments.dtype.endswith("i2") else 1

    def clips_of(self, split: str) -> NDArray[np.int64]:
        """Numbers of the clips of a split."""
        return (self.splits == split).nonzero()[0]

    def rows_of(self, split: str) -> NDArray[np.int64]:
        """Numbers of the segments of a split."""
        return (self.splits[self.clip_of_row] == split).nonzero()[0]
