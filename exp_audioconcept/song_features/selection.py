"""Features that say the same as others are left out: a step of a scikit-learn pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CorrelationFilter", "uncorrelated"]


def uncorrelated(values: NDArray[np.floating], *, limit: float = 0.9) -> NDArray[np.bool_]:
    """Columns that are kept, (n_features,), where of two that go along the one that varies less is dropped.

    Every column is compared with those before it, as long as it is still kept itself; the variance is that of the
    numbers as they are, of whatever unit; of equal ones the earlier column goes.

    Parameters
    ----------
    values : (n_songs, n_features)
    limit
        of Pearson's correlation, either way.
    """
    with np.errstate(invalid="ignore"):
        correlations = np.nan_to_num(np.abs(np.corrcoef(values, rowvar=False)))
    variances = values.var(axis=0)
    kept = np.ones(values.shape[1], bool)
    for column in range(values.shape[1]):
        for earlier in range(column):
            if kept[column] and correlations[column, earlier] > limit:
                kept[column if variances[column] < variances[earlier] else earlier] = False
    return kept


class CorrelationFilter(TransformerMixin, BaseEstimator):
    """`uncorrelated` of the songs that are learned from; the same columns of all others."""

    def __init__(self, limit: float = 0.9) -> None:
        self.limit = limit

    def fit(self, values: ArrayLike, genres: object = None) -> Self:
        """Choose columns of (n_songs, n_features)."""
        self.kept_ = uncorrelated(np.asarray(values), limit=self.limit)
        return self

    def transform(self, values: ArrayLike) -> NDArray:
        """The columns that are kept, (n_songs, n_kept)."""
        return np.asarray(values)[:, self.kept_]
