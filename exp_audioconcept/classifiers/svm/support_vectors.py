"""A trained support vector machine as plain arrays: it is stored, read and asked without running code from a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from audiokit.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

__all__ = ["SupportVectors"]


@dataclass(frozen=True)
class SupportVectors:
    """Which of two genres, for each pair of them, after the features have been chosen and scaled."""

    genres: tuple[str, ...]
    features: tuple[str, ...]
    """That are asked for; only some of them are kept."""
    kept: NDArray[np.bool_]
    """(n_features,)"""
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    """(n_kept,)"""
    vectors: NDArray[np.float64]
    """(n_vectors, n_kept), those of the first genre first."""
    counts: NDArray[np.int64]
    """Vectors of each genre, (n_genres,)."""
    weights: NDArray[np.float64]
    """(n_genres − 1, n_vectors): of a genre's vectors against each of the others in their order."""
    biases: NDArray[np.float64]
    """(n_pairs,)"""
    kernel: str
    gamma: float

    @classmethod
    def of(cls, pipeline: Pipeline, features: tuple[str, ...]) -> SupportVectors:
        """Take a trained pipeline of filter, scaler and `SVC` apart."""
        chosen, scaler, machine = (step for _, step in pipeline.steps)
        # With two genres scikit-learn turns the signs around.
        sign = -1 if len(machine.classes_) == 2 else 1
        return cls(
            genres=tuple(map(str, machine.classes_)),
            features=features,
            kept=chosen.kept_,
            mean=scaler.mean_,
            scale=scaler.scale_,
            vectors=machine.support_vectors_,
            counts=machine.n_support_.astype(np.int64),
            weights=sign * machine.dual_coef_,
            biases=sign * machine.intercept_,
            kernel=machine.kernel,
            gamma=float(machine._gamma),
        )

    def decide(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Decision values: won pairs of each genre, and between 1/3 less and more by how clearly.

        Parameters
        ----------
        values : (n_songs, n_features)

        Returns
        -------
        (n_songs, n_genres), what scikit-learn's `decision_function` gives for more than two genres
        """
        margins = self.margins(values)
        n_genres = len(self.genres)
        wins, confidence = np.zeros((2, len(values), n_genres))
        pairs = [(first, second) for first in range(n_genres) for second in range(first + 1, n_genres)]
        for (first, second), margin in zip(pairs, margins.T, strict=True):
            confidence[:, first] += margin
            confidence[:, second] -= margin
            wins[:, first] += margin >= 0
            wins[:, second] += margin < 0
        return wins + confidence / (3 * (np.abs(confidence) + 1))

    def margins(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Of each pair of genres, (n_songs, n_pairs): positive for the first of the two."""
        if values.shape[1] != len(self.features):
            raise UserError(f"{values.shape[1]} features where the model has {len(self.features)}: extract them anew")
        likeness = self._likeness((values[:, self.kept] - self.mean) / self.scale)
        ends = np.cumsum(self.counts)
        starts = ends - self.counts
        columns = []
        for first in range(len(self.genres)):
            for second in range(first + 1, len(self.genres)):
                own, other = slice(starts[first], ends[first]), slice(starts[second], ends[second])
                margin = likeness[:, own] @ self.weights[second - 1, own]
                margin += likeness[:, other] @ self.weights[first, other]
                columns.append(margin + self.biases[len(columns)])
        return np.stack(columns, axis=1)

    def _likeness(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        products = scaled @ self.vectors.T
        if self.kernel == "linear":
            return products
        lengths = (scaled**2).sum(axis=1)[:, None] + (self.vectors**2).sum(axis=1)
        return np.exp(-self.gamma * (lengths - 2 * products))

    def tell(self, values: NDArray[np.floating]) -> NDArray[np.int64]:
        """Numbers of the genres that win most pairs, (n_songs,); of equal ones the first, as libsvm has it.

        Where genres win as many pairs, the decision values, which count how clearly, may be highest for another one.
        """
        return np.floor(self.decide(values) + 0.5).argmax(axis=1)

    def scores(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Softmax of the decision values, (n_songs, n_genres), as in the original; they are no calibrated chances."""
        return softmax(self.decide(values), axis=1)
