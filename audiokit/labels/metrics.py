"""How well classes are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "confusion",
    "confusion_counts",
    "correct",
    "precision_recall_areas",
    "precision_shares",
    "recall_shares",
]


def correct(targets: NDArray[np.floating], decisions: NDArray) -> NDArray[np.bool_]:
    """Whether the first class of the decision is the first one that is present, (n_clips,); the mean is the accuracy.

    Parameters
    ----------
    targets, decisions : (n_clips, n_classes)
        1 where a class is present.
    """
    return targets.argmax(axis=1) == decisions.argmax(axis=1)


def precision_recall_areas(targets: NDArray[np.floating], predictions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Area under each class's curve of precision over recall, by trapezes; the mean is the macro-AUPRC, as published.

    That is not the average precision (`audiokit.labels.multilabel.mean_average_precision`), which has steps in place of
    trapezes, and is another number for few clips or equal scores.

    Parameters
    ----------
    targets, predictions : (n_clips, n_classes)

    Returns
    -------
    (n_classes,)
        NaN for a class that no clip has.
    """
    from sklearn.metrics import auc, precision_recall_curve

    areas = np.full(targets.shape[1], np.nan)
    for index in np.flatnonzero(targets.any(axis=0)):
        precision, recall, _ = precision_recall_curve(targets[:, index], predictions[:, index])
        areas[index] = auc(recall, precision)
    return areas


def confusion(targets: NDArray[np.floating], decisions: NDArray) -> NDArray[np.float64]:
    """Share of the clips of each class, a row, that are taken for each class, a column; NaN where there are none."""
    classes = range(targets.shape[1])
    return recall_shares(confusion_counts(targets.argmax(axis=1), decisions.argmax(axis=1), classes))


def confusion_counts(truths: ArrayLike, predicted: ArrayLike, labels: Sequence) -> NDArray[np.int64]:
    """How many items of each class, a row, are taken for each class, a column.

    Parameters
    ----------
    truths, predicted : (n,)
        labels of any kind.
    labels
        of the rows and columns; items with others are not counted.

    Returns
    -------
    (n_labels, n_labels)
    """
    truths, predicted = np.asarray(truths), np.asarray(predicted)
    is_truth = truths[:, None] == np.asarray(labels)
    is_predicted = predicted[:, None] == np.asarray(labels)
    return is_truth.astype(np.int64).T @ is_predicted.astype(np.int64)


def recall_shares(counts: ArrayLike) -> NDArray[np.float64]:
    """Of the items of each class, a row, the share that is taken for each class, a column; the diagonal is the recall.

    Parameters
    ----------
    counts : (n_classes, n_classes)
        as `confusion_counts` gives them.

    Returns
    -------
    (n_classes, n_classes), rows sum to 1; NaN in that of a class without items.
    """
    counts = np.asarray(counts, float)
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(axis=1, keepdims=True)


def precision_shares(counts: ArrayLike) -> NDArray[np.float64]:
    """Of the items taken for each class, a row, the share that is of each class, a column; the diagonal is precision.

    Parameters
    ----------
    counts : (n_classes, n_classes)
        as `confusion_counts` gives them: a row for each true class.

    Returns
    -------
    (n_classes, n_classes), rows sum to 1; NaN in that of a class that nothing is taken for.
    """
    return recall_shares(np.asarray(counts).T)
