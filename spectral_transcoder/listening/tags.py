"""Scores of labels as tables."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from audiokit.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["WeightedMean", "top_labels", "top_table", "write_tags"]

N_TOP = 10


class WeightedMean:
    """Mean of vectors that come in one by one, each with a weight."""

    def __init__(self) -> None:
        self.total = 0.0
        self.weight = 0.0

    def add(self, values: NDArray[np.floating], weight: float) -> None:
        """Take in a vector."""
        self.total = self.total + weight * np.asarray(values, np.float64)
        self.weight += weight

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean so far."""
        return self.total / self.weight


def top_labels(scores: NDArray[np.floating], labels: Sequence[str], *, n: int = N_TOP) -> list[tuple[str, float]]:
    """Labels with the highest scores, the highest first; in the order of the labels where scores are equal."""
    order = np.argsort(-scores, kind="stable")[:n]
    return [(labels[index], float(scores[index])) for index in order]


def top_table(scores: Mapping[str, NDArray[np.floating]], labels: Sequence[str], *, n: int = N_TOP) -> str:
    """Top labels of several models side by side, as text for a terminal.

    Parameters
    ----------
    scores
        title → (n_labels,)
    """
    columns = [
        [title, *(f"{score:.2f} {label[:26]}" for label, score in top_labels(values, labels, n=n))]
        for title, values in scores.items()
    ]
    widths = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def write_tags(path: Path, scores: Mapping[str, NDArray[np.floating]], labels: Sequence[str]) -> None:
    """Write the scores of all labels as CSV: a row a label, a column a model, sorted by the first model."""
    order = np.argsort(-next(iter(scores.values())), kind="stable")
    with write_whole(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", *scores])
        for index in order:
            writer.writerow([labels[index], *(f"{values[index]:.6f}" for values in scores.values())])
