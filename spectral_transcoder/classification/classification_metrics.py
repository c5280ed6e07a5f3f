"""How well classes are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["average_precisions", "confusion", "correct"]


def correct(targets: NDArray[np.floating], decisions: NDArray) -> NDArray[np.bool_]:
    """Whether the first class of the decision is the first one that is present, (n_clips,); the mean is the accuracy.

    Parameters
    ----------
    targets, decisions : (n_clips, n_classes)
        1 where a class is present.
    """
    return targets.argmax(axis=1) == decisions.argmax(axis=1)


def average_precisions(targets: NDArray[np.floating], predictions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Area under each class's curve of precision over recall, by trapezes, (n_classes,); the mean is the macro-AUPRC.

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
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(targets.argmax(axis=1), decisions.argmax(axis=1), labels=range(targets.shape[1]))
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(axis=1, keepdims=True)
