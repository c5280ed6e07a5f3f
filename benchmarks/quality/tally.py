"""What is found of a contender on one block of recordings after the other, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from quality.downstream_accuracy import accuracies
from quality.transcoding_measures import figures, measures_of_recordings, measures_of_seconds
from spectral_transcoder.training.metrics import top_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quality.evaluation_sets import EvaluationRecording
    from quality.heard_seconds import HeardSeconds
    from quality.transcoding_measures import Figure
    from spectral_transcoder.classification.grouped_dataset import GroupedDataset
    from spectral_transcoder.training.evaluation import Evaluated

__all__ = ["Tally"]


@dataclass
class Tally:
    """Values per recording; the lists have an item for each block."""

    recordings: list[EvaluationRecording] = field(default_factory=list)
    n_seconds: list[NDArray[np.integer]] = field(default_factory=list)
    of_recordings: list[Mapping[str, NDArray]] = field(default_factory=list)
    of_seconds: list[Mapping[str, NDArray]] = field(default_factory=list)
    clip_scores: list[NDArray[np.float32]] = field(default_factory=list)
    top_classes: list[NDArray[np.integer]] = field(default_factory=list)
    """The teacher's."""

    def add(self, heard: HeardSeconds, expected: Evaluated, found: Evaluated) -> None:
        """Measure a block: what the teacher itself makes of it, and what it makes of transcoded spectrograms."""
        given = expected.scores, found.scores, found.mel_mse, heard.files
        self.recordings += heard.recordings
        self.n_seconds.append(np.bincount(heard.files))
        self.of_recordings.append(measures_of_recordings(*given))
        self.of_seconds.append(measures_of_seconds(*given))
        self.top_classes.append(top_class(expected.scores, heard.files))

    def commonest(self, labels: Sequence[str]) -> tuple[str, float]:
        """The teacher's top class of most recordings, and their percentage."""
        counts = np.bincount(np.concatenate(self.top_classes))
        return labels[counts.argmax()], 100 * counts.max() / counts.sum()

    def figures(self, dataset: GroupedDataset | None, labels: Sequence[str]) -> dict[str, Figure]:
        """All figures by title; none where there is no recording.

        Parameters
        ----------
        dataset
            that `clip_scores` are of; None for recordings without labels.
        labels
            of the scores.
        """
        if not self.recordings:
            return {}
        values = _joined(self.of_recordings)
        if dataset:
            clips = [recording.clip for recording in self.recordings]
            values |= accuracies(dataset, clips, np.concatenate(self.clip_scores), labels)
        by_second = figures(_joined(self.of_seconds), np.concatenate(self.n_seconds))
        return {
            **figures(values, np.ones(len(self.recordings))),
            **{f"{title}, seconds": figure for title, figure in by_second.items()},
        }


def _joined(blocks: Sequence[Mapping[str, NDArray]]) -> dict[str, NDArray]:
    return {title: np.concatenate([block[title] for block in blocks]) for title in blocks[0]}
