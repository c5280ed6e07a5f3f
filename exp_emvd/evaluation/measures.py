"""How well an experiment's predictions are right, as the original measures it and as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.labels.metrics import confusion_counts, precision_shares, recall_shares
from exp_emvd.evaluation.differences import differences_text, recall_differences
from exp_emvd.evaluation.voting import vote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exp_emvd.evaluation.predictions import Predictions
    from exp_emvd.evaluation.voting import Votes

__all__ = ["Measures", "measure", "original_text", "report"]


@dataclass(frozen=True)
class Measures:
    """What there is to tell of predictions."""

    labels: tuple[str, ...]
    """Of the rows and columns of the matrices: those that occur."""

    counts: NDArray[np.int64]
    """(n_labels, n_labels), recordings: rows are what they are, columns what they are taken for."""

    n_chunks: int
    chunk_accuracy: float
    votes: Votes

    @property
    def micro_accuracy(self) -> float:
        """Share of the recordings that are told right."""
        return float(self.votes.correct.mean())

    @property
    def precisions(self) -> NDArray[np.float64]:
        """(n_labels, n_labels), rows are predictions: the original's confusion matrix. 0 where nothing is predicted."""
        return np.nan_to_num(precision_shares(self.counts))

    @property
    def recalls(self) -> NDArray[np.float64]:
        """(n_labels, n_labels), rows are what recordings are; NaN where there are none."""
        return recall_shares(self.counts)

    @property
    def mean_precision(self) -> float:
        """The original's "macro accuracy"."""
        return float(np.diag(self.precisions).mean())

    @property
    def mean_recall(self) -> float:
        """Balanced accuracy, over what occurs."""
        return float(np.nanmean(np.diag(self.recalls)))


def measure(predictions: Predictions, shown: Sequence[str], *, by_score: bool = True) -> Measures:
    """Measure how well predictions are right.

    Parameters
    ----------
    predictions
        of all splits, pooled.
    shown
        labels in the order of the matrices; those that do not occur are left out.
    by_score
        break ties between votes by scores, where there are any.
    """
    votes = vote(predictions, by_score=by_score)
    labels = tuple(label for label in shown if label in votes.labels)
    return Measures(
        labels=labels,
        counts=confusion_counts(votes.truths, votes.predicted, labels),
        n_chunks=len(predictions.truths),
        chunk_accuracy=float((predictions.truths == predictions.predicted).mean()),
        votes=votes,
    )


def original_text(measures: Measures) -> str:
    """What the original prints."""
    parts = {
        "MICRO ACCURACY": measures.micro_accuracy,
        "MACRO ACCURACY": measures.mean_precision,
        "CONFUSION MATRIX": measures.precisions,
    }
    return "\n".join(f"{title}\n{value}" for title, value in parts.items())


def report(measures: Measures) -> str:
    """The measures in words, each with what it counts."""
    rule = "by mean scores" if measures.votes.by_score else "by the alphabet, as there are no scores"
    n_files = len(measures.votes.recordings)
    return "\n".join(
        [
            f"MICRO ACCURACY (share of {n_files} recordings, {int(measures.votes.correct.sum())} right)",
            f"{measures.micro_accuracy}",
            "MACRO ACCURACY (mean recall over the classes)",
            f"{measures.mean_recall}",
            'MEAN PRECISION (the original\'s "macro accuracy")',
            f"{measures.mean_precision}",
            f"CHUNK ACCURACY (share of {measures.n_chunks} chunks)",
            f"{measures.chunk_accuracy}",
            "CONFUSION MATRIX (%, rows: what is sung, columns: what it is taken for)",
            _matrix_text(measures.recalls, measures.labels),
            "PRECISION MATRIX (%, rows: what is predicted, columns: what is sung; the original's confusion matrix)",
            _matrix_text(measures.precisions, measures.labels),
            differences_text(recall_differences(measures.counts, measures.labels)),
            f"{int(measures.votes.tied.sum())} recordings had ties between votes, decided {rule}",
        ]
    )


def _matrix_text(shares: NDArray[np.float64], labels: Sequence[str]) -> str:
    width = max(map(len, labels))
    cells = [[f"{100 * share:.1f}" for share in row] for row in shares]
    widths = [max(len(label), 5) for label in labels]
    lines = [("", labels), *zip(labels, cells, strict=True)]
    return "\n".join("  ".join([head.ljust(width), *map(str.rjust, row, widths)]).rstrip() for head, row in lines)
