"""Which classes a recording is taken for: by groups of labels without training, or by what heads say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectral_transcoder.classification.grouping import group_scores, in_the_top

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from audiokit.labels.labelled_dataset import LabelledDataset
    from spectral_transcoder.classification.grouped_dataset import GroupedDataset

__all__ = ["Decided", "decide_by_groups", "decide_by_heads"]

PRESENT = 0.5
"""Output of a head from which a class of several counts as present."""


@dataclass(frozen=True)
class Decided:
    """On each clip."""

    predictions: NDArray[np.floating]
    """(n_clips, n_classes), higher where a class is likelier."""

    decisions: NDArray[np.bool_]
    """(n_clips, n_classes), whether a class counts as present."""


def decide_by_groups(dataset: GroupedDataset, scores: NDArray[np.floating], labels: Sequence[str]) -> Decided:
    """Decide from the scores of the labels that stand for each class.

    Parameters
    ----------
    scores : (n_clips, n_labels)
    labels
        what each score is for.
    """
    groups = dataset.label_groups()
    predictions = group_scores(scores, labels, groups, dataset.classes)
    return Decided(predictions, in_the_top(scores, labels, groups, dataset.classes, n_top=dataset.top))


def decide_by_heads(dataset: LabelledDataset, predictions: NDArray[np.floating]) -> Decided:
    """Decide from what heads say: the likeliest class, or where a clip can have several, the likely ones.

    Parameters
    ----------
    predictions : (n_clips, n_classes)
        NaN for clips that no head has judged.
    """
    highest = predictions == predictions.max(axis=1, keepdims=True)
    return Decided(predictions, predictions >= PRESENT if dataset.is_multilabel else highest)
