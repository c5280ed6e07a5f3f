"""Recordings as segments: what a network hears of a clip, side by side from its beginning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from audiokit.sound.audio import load
from audiokit.storage.row_arrays import RowArray
from exp_samplecnn.tasks import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_samplecnn.tasks import Extension, Task

__all__ = ["FULL_SCALE", "SEGMENT", "ClipSegments", "SampleType", "extended", "segments_of", "stored"]

SEGMENT = "segment"
"""Name of the array in a store."""

FULL_SCALE = 32767
"""What 1 is as int16."""

SampleType = Literal["int16", "float32"]


def segments_of(sound: NDArray[np.float32], task: Task, extension: Extension) -> NDArray[np.float32]:
    """Cut a clip at 22050 Hz into segments.

    Parameters
    ----------
    sound : (n_samples,), 1 or more
        what lies beyond the seconds of the task is not looked at; where it is shorter, it is continued.

    Returns
    -------
    (n_segments, segment_samples)
    """
    n_heard = task.seconds * SAMPLE_RATE
    whole = extended(sound[:n_heard], n_heard, extension)
    return whole[: task.n_segments * task.segment_samples].reshape(task.n_segments, task.segment_samples)


def extended(sound: NDArray[np.float32], n_samples: int, extension: Extension) -> NDArray[np.float32]:
    """Continue a sound until it has so many samples: by silence, by itself, or as the original does.

    Parameters
    ----------
    sound : (n,), 1 or more
        nothing is done to one that is long enough.
    extension
        `stretch` gives each sample as often as the sound would have to be repeated, and drops the end: that is slower.

    Returns
    -------
    (n_samples,)
    """
    n_times = -(-n_samples // len(sound))
    match extension:
        case "silence":
            return np.pad(sound, (0, max(0, n_samples - len(sound))))[:n_samples]
        case "repeat":
            return np.tile(sound, n_times)[:n_samples]
        case "stretch":
            return np.repeat(sound, n_times)[:n_samples]
    raise ValueError(f"unknown extension {extension!r}")


def stored(segments: NDArray[np.float32], sample_type: SampleType) -> NDArray:
    """Samples as they are stored; int16 rounds them, and cuts what is beyond full scale."""
    if sample_type == "float32":
        return segments
    return np.rint(np.clip(segments, -1, 1) * FULL_SCALE).astype(np.int16)


@dataclass(frozen=True)
class ClipSegments:
    """What a store holds of a recording (`audiokit.labels.clip_store_creation.ClipFeatures`)."""

    task: Task
    sample_type: SampleType
    extension: Extension

    @property
    def arrays(self) -> dict[str, RowArray]:
        """A segment a row."""
        unit = f"sound pressure, full scale {FULL_SCALE if self.sample_type == 'int16' else 1}"
        return {SEGMENT: RowArray((self.task.segment_samples,), unit, self.sample_type)}

    def n_rows(self, n_samples: int, sample_rate: int) -> int:
        """Segments of a recording: as many as any other clip has, or none where it does not fill a single one.

        Words may be as short as they are.
        """
        n_heard = -(-n_samples * SAMPLE_RATE // sample_rate)
        shortest = 1 if self.task.n_segments == 1 else self.task.segment_samples
        return self.task.n_segments if n_heard >= shortest else 0

    def __call__(self, path: Path) -> Mapping[str, NDArray]:
        """Segments of a recording."""
        sound = load(path, sample_rate=SAMPLE_RATE, normalise=False)
        return {SEGMENT: stored(segments_of(sound, self.task, self.extension), self.sample_type)}

    def description(self) -> dict[str, object]:
        """What tells these segments from others."""
        names = ("name", "seconds", "segment_samples")
        own = {"sample_rate": SAMPLE_RATE, "sample_type": self.sample_type, "extension": self.extension}
        return own | {name: getattr(self.task, name) for name in names}
