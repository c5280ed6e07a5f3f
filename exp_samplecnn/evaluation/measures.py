"""Measures of scores against labels: the original's, and the share of clips whose highest score is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["CLASS_MEASURES", "MEASURES", "Measured", "measure"]

MEASURES = {
    "rocauc": "area under the ROC curve, mean over classes",
    "prauc": "average precision, mean over classes",
    "acc": "clips of which every label is decided rightly",
    "f1": "F1 of each clip's decisions, mean over clips",
    "argmax": "clips whose highest score is one of their labels",
}
"""Name → what it is of; all are in [0, 1]."""

CLASS_MEASURES = ("rocauc", "prauc", "acc", "f1")


@dataclass(frozen=True)
class Measured:
    """Figures of a whole split and of each class."""

    overall: dict[str, float]
    """By the names in `MEASURES`; those over classes leave out classes that all clips have, or none."""
    by_class: dict[str, NDArray[np.float64]]
    """By the names in `CLASS_MEASURES` → (n_labels,), NaN where a class has no such figure."""
    by_clip: dict[str, NDArray[np.float64]]
    """`acc`, `f1` and `argmax` → (n_clips,)."""
    n_clips: NDArray[np.int64]
    """That have each label, (n_labels,)."""

    @property
    def without_ranking(self) -> NDArray[np.int64]:
        """Numbers of the classes that all clips have, or none."""
        return np.flatnonzero(np.isnan(self.by_class["rocauc"]))


def measure(targets: NDArray[np.integer], scores: NDArray[np.floating], *, threshold: float) -> Measured:
    """Measure scores of clips.

    Parameters
    ----------
    targets : (n_clips, n_labels)
        1 where a label is given.
    scores : (n_clips, n_labels)
    threshold
        a label is decided for where its score is above.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    given = targets > 0
    decided = scores > threshold
    ranked = given.any(axis=0) & ~given.all(axis=0)
    by_class = {
        "rocauc": _of_classes(roc_auc_score, given, scores, ranked),
        "prauc": _of_classes(average_precision_score, given, scores, ranked),
        "acc": (given == decided).mean(axis=0),
        "f1": _f1(given, decided, axis=0),
    }
    by_clip = {
        "acc": (given == decided).all(axis=1).astype(float),
        "f1": _f1(given, decided, axis=1),
        "argmax": given[np.arange(len(given)), scores.argmax(axis=1)].astype(float),
    }
    rankings = {name: _mean(by_class[name][ranked]) for name in ("rocauc", "prauc")}
    return Measured(
        overall=rankings | {name: _mean(values) for name, values in by_clip.items()},
        by_class=by_class,
        by_clip=by_clip,
        n_clips=given.sum(axis=0),
    )


def _of_classes(
    function: Callable[[NDArray, NDArray], float],
    given: NDArray[np.bool_],
    scores: NDArray[np.floating],
    ranked: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """A figure of each class that some clips have and others have not."""
    values = np.full(len(ranked), np.nan)
    for index in np.flatnonzero(ranked):
        values[index] = function(given[:, index], scores[:, index])
    return values


def _f1(given: NDArray[np.bool_], decided: NDArray[np.bool_], *, axis: int) -> NDArray[np.float64]:
    """Along an axis; 0 where nothing is given and nothing decided for, as scikit-learn has it."""
    both = (given & decided).sum(axis=axis)
    sizes = given.sum(axis=axis) + decided.sum(axis=axis)
    return 2 * both / np.maximum(sizes, 1)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
