"""How well several labels at once are told, over a whole set: never averaged over batches.

A label that a clip's annotators did not look for is unknown, and counts for nothing (`known`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MultilabelMeasures",
    "best_thresholds",
    "label_ranking_average_precision",
    "mean_average_precision",
    "measure_decisions",
    "two_by_two",
]


@dataclass(frozen=True)
class MultilabelMeasures:
    """What decisions of a whole set amount to; all in [0, 1], a label that never is present nor decided has no F1."""

    f1_by_label: NDArray[np.float64]
    """(n_labels,), NaN where a label is neither present nor decided."""
    precision_by_label: NDArray[np.float64]
    """(n_labels,), NaN where nothing is decided."""
    recall_by_label: NDArray[np.float64]
    """(n_labels,), NaN where the label is never present."""
    micro_f1: float
    micro_precision: float
    micro_recall: float
    hamming_score: float
    """Share of the known labels that are right."""
    all_zero_hamming_score: float
    """Of the answer that nothing is ever present: what a Hamming score has to be held against."""
    exact_match: float
    """Share of the clips whose known labels are all right."""

    @property
    def macro_f1(self) -> float:
        """Mean over the labels that have one."""
        return _mean(self.f1_by_label)

    @property
    def macro_precision(self) -> float:
        """Mean over the labels that are present, where nothing is decided counting as 0."""
        return _mean(np.where(np.isnan(self.recall_by_label), np.nan, np.nan_to_num(self.precision_by_label)))

    @property
    def macro_recall(self) -> float:
        """Mean over the labels that are present."""
        return _mean(self.recall_by_label)


def measure_decisions(targets: NDArray, decisions: NDArray, known: NDArray | None = None) -> MultilabelMeasures:
    """Measure decisions of a whole set.

    Parameters
    ----------
    targets, decisions : (n_clips, n_labels)
        1 or 0.
    known : (n_clips, n_labels)
        where a target is known; everywhere by default.
    """
    matrices = two_by_two(targets, decisions, known)
    (_, false_positives), (false_negatives, true_positives) = matrices.transpose(1, 2, 0).astype(float)
    decided, present = true_positives + false_positives, true_positives + false_negatives
    n_known = matrices.sum()
    wrong = (np.asarray(targets, bool) != np.asarray(decisions, bool)) & _mask(targets, known)
    return MultilabelMeasures(
        f1_by_label=_ratio(2 * true_positives, decided + present),
        precision_by_label=_ratio(true_positives, decided),
        recall_by_label=_ratio(true_positives, present),
        micro_f1=float(_ratio(2 * true_positives.sum(), decided.sum() + present.sum())),
        micro_precision=float(_ratio(true_positives.sum(), decided.sum())),
        micro_recall=float(_ratio(true_positives.sum(), present.sum())),
        hamming_score=float(_ratio(n_known - (false_positives + false_negatives).sum(), n_known)),
        all_zero_hamming_score=float(_ratio(n_known - present.sum(), n_known)),
        exact_match=float((~wrong.any(axis=1)).mean()),
    )


def two_by_two(targets: NDArray, decisions: NDArray, known: NDArray | None = None) -> NDArray[np.int64]:
    """A matrix a label, (n_labels, 2, 2): rows absent and present, columns not decided and decided; counts of clips."""
    targets, decisions = np.asarray(targets, bool), np.asarray(decisions, bool)
    mask = _mask(targets, known)
    cells = [
        (targets == truth) & (decisions == decision) & mask for truth in (False, True) for decision in (False, True)
    ]
    return np.stack([cell.sum(axis=0) for cell in cells], axis=1).reshape(-1, 2, 2)


def label_ranking_average_precision(targets: NDArray, scores: NDArray) -> float:
    """LRAP: of each present label, the share of present ones among those scored as high, the mean over clips.

    Parameters
    ----------
    targets, scores : (n_clips, n_labels)
        clips without labels are left out (scikit-learn counts them as 1).

    Returns
    -------
    float
        in [0, 1]; NaN where no clip has a label.
    """
    from sklearn.metrics import label_ranking_average_precision_score

    has_any = np.asarray(targets, bool).any(axis=1)
    if not has_any.any():
        return float("nan")
    return float(label_ranking_average_precision_score(np.asarray(targets, bool)[has_any], scores[has_any]))


def mean_average_precision(targets: NDArray, scores: NDArray, known: NDArray | None = None) -> float:
    """Mean of the average precisions of the labels that are present; a label's is its mean precision at each hit.

    Parameters
    ----------
    targets, scores : (n_clips, n_labels)
    known : (n_clips, n_labels)
        where a target is known; everywhere by default.

    Returns
    -------
    float
        in [0, 1]; NaN where no label is present.
    """
    from sklearn.metrics import average_precision_score

    columns = zip(np.asarray(targets, bool).T, np.asarray(scores).T, _mask(targets, known).T, strict=True)
    judged = [(truth[used], score[used]) for truth, score, used in columns]
    return _mean(np.array([average_precision_score(truth, score) for truth, score in judged if truth.any()]))


def best_thresholds(
    targets: NDArray, scores: NDArray, known: NDArray | None = None, *, default: float = 0.5
) -> NDArray[np.float64]:
    """Threshold of each label that has the highest F1: for validation sets, never for those that are tested on.

    Parameters
    ----------
    targets, scores : (n_clips, n_labels)
    known : (n_clips, n_labels)
    default
        of labels that are never or always present.

    Returns
    -------
    (n_labels,), halfway between the two scores that it parts; a score at or above it decides.
    """
    mask = _mask(targets, known)
    columns = zip(np.asarray(targets, bool).T, np.asarray(scores, float).T, mask.T, strict=True)
    return np.array([_best_threshold(truth[used], score[used], default) for truth, score, used in columns])


def _best_threshold(truth: NDArray[np.bool_], scores: NDArray[np.float64], default: float) -> float:
    if truth.all() or not truth.any():
        return default
    order = np.argsort(-scores, kind="stable")
    hits, falling = np.cumsum(truth[order]), scores[order]
    f1 = 2 * hits / (np.arange(1, len(truth) + 1) + truth.sum())
    # Equal scores are decided together.
    f1[:-1][falling[:-1] == falling[1:]] = -1
    last = int(np.argmax(f1))
    below = falling[last + 1] if last + 1 < len(falling) else 0.0
    return float((falling[last] + below) / 2)


def _mask(targets: NDArray, known: NDArray | None) -> NDArray[np.bool_]:
    return np.ones(np.shape(targets), bool) if known is None else np.asarray(known, bool)


def _ratio(part: NDArray | float, whole: NDArray | float) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part, float) / whole


def _mean(values: NDArray[np.float64]) -> float:
    """Mean of those that are numbers."""
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else float("nan")
