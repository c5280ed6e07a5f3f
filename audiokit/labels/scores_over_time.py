"""What a network hears when in a recording."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["ScoresOverTime", "write_scores"]


@dataclass(frozen=True)
class ScoresOverTime:
    """Scores of labels in successive pieces of a recording."""

    labels: Sequence[str]
    times: NDArray[np.float64]
    """Begin and end of each piece, (n_pieces, 2), s; pieces may overlap."""
    scores: NDArray[np.floating]
    """(n_pieces, n_labels) in [0, 1]."""
    weights: NDArray[np.float64] | None = None
    """Of the pieces in the mean, (n_pieces,); by default all count alike."""

    @property
    def mean(self) -> NDArray[np.float64]:
        """Of all pieces by their weights, (n_labels,)."""
        return np.average(self.scores.astype(np.float64), axis=0, weights=self.weights)

    def top(self, n: int) -> list[tuple[str, float]]:
        """Labels with the highest means, the highest first; in the order of the labels where means are equal."""
        mean = self.mean
        return [(self.labels[index], float(mean[index])) for index in np.argsort(-mean, kind="stable")[:n]]


def write_scores(path: Path, scores: ScoresOverTime) -> None:
    """Write scores as CSV: a row a piece, with its begin and end in s, and a column a label."""
    with write_whole(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["start_s", "end_s", *scores.labels])
        for (start, end), row in zip(scores.times, scores.scores, strict=True):
            writer.writerow([f"{start:.3f}", f"{end:.3f}", *(f"{score:.6f}" for score in row)])
