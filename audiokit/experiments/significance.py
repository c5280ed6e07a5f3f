"""Which result is best, and which ones cannot be told from it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["LEVEL", "Verdict", "judge"]

LEVEL = 0.05
"""A difference with a larger p-value is not significant."""


@dataclass(frozen=True)
class Verdict:
    """On one result among those of a metric."""

    mean: float | None
    """Over the files; None where there is no result."""

    best: bool = False
    p_value: float | None = None
    """Of a paired t-test against the best; None where it makes no sense."""

    @property
    def close(self) -> bool:
        """Whether the result is not significantly different from the best."""
        return self.p_value is not None and self.p_value > LEVEL


def judge(
    results: Sequence[ArrayLike | None],
    *,
    direction: Literal["lower", "higher"],
    significance: bool = True,
    groups: Sequence[Hashable] | None = None,
) -> list[Verdict]:
    """Compare the results of a metric.

    Parameters
    ----------
    results
        of each row: (n_files,) values, a single number, or None.
    direction
        which means are better. Equal ones are all best; NaN never is, nor a result that stands alone.
    significance
        whether to test the others against the best.
    groups
        of the rows: results are paired with the best only where they are of its group, hence of the same files.
    """
    arrays = [None if result is None else np.atleast_1d(np.asarray(result, np.float64)) for result in results]
    means = [None if array is None else float(array.mean()) for array in arrays]
    best = _best(means, direction)
    if best is None:
        return [Verdict(mean) for mean in means]
    verdicts = []
    for index, mean in enumerate(means):
        tied = mean == means[best]
        paired = significance and not tied and (groups is None or groups[index] == groups[best])
        p_value = _p_value(arrays[index], arrays[best]) if paired else None
        verdicts.append(Verdict(mean, best=tied, p_value=p_value))
    return verdicts


def _best(means: Sequence[float | None], direction: Literal["lower", "higher"]) -> int | None:
    candidates = [index for index, mean in enumerate(means) if mean is not None and not np.isnan(mean)]
    if len(candidates) < 2:
        return None
    choose = min if direction == "lower" else max
    return choose(candidates, key=lambda index: means[index])


def _p_value(values: NDArray[np.float64] | None, best: NDArray[np.float64]) -> float | None:
    """Of the paired t-test; None where files are missing, too few, or not finite."""
    if values is None or values.shape != best.shape or len(values) < 2:
        return None
    from scipy.stats import ttest_rel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # differences that are all the same
        p_value = float(ttest_rel(values, best).pvalue)
    return None if np.isnan(p_value) else p_value
