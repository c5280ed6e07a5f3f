"""Whether some classes are told better than others: recalls compared in pairs, on different recordings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from audiokit.experiments.significance import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Difference", "differences_text", "recall_differences"]

MOST_PAIRS = 6
"""That are named one by one."""


@dataclass(frozen=True)
class Difference:
    """Between the recalls of two classes."""

    labels: tuple[str, str]
    """The one that is told better comes first."""

    p_value: float
    """Of Fisher's exact test, two-sided, by Holm (1979) for all pairs together."""

    @property
    def is_significant(self) -> bool:
        """Whether chance alone would rarely give so large a one."""
        return self.p_value <= LEVEL


def recall_differences(counts: NDArray[np.integer], labels: Sequence[str]) -> list[Difference]:
    """Compare the recalls of all pairs of classes that occur.

    Recordings of two classes are not the same, so that no paired test is possible, as it is between settings.

    Parameters
    ----------
    counts : (n_labels, n_labels)
        recordings, rows are what they are, columns what they are taken for.
    labels
    """
    from scipy.stats import fisher_exact

    right, total = np.diag(counts), counts.sum(axis=1)
    pairs, p_values = [], []
    for one, other in combinations(np.flatnonzero(total), 2):
        better, worse = (one, other) if right[one] * total[other] >= right[other] * total[one] else (other, one)
        pairs.append((labels[better], labels[worse]))
        table = [[right[index], total[index] - right[index]] for index in (better, worse)]
        p_values.append(fisher_exact(table).pvalue)
    return [Difference(pair, p) for pair, p in zip(pairs, holm(p_values), strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number (Holm, 1979), in their order."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(1, np.maximum.accumulate(factors * np.asarray(p_values)[order]))
    return corrected.tolist()


def differences_text(differences: Sequence[Difference]) -> str:
    """The comparison in words; many pairs are only counted."""
    rule = "(Fisher's exact test, Holm)"
    significant = [difference for difference in differences if difference.is_significant]
    if len(differences) > MOST_PAIRS:
        return f"RECALLS DIFFER SIGNIFICANTLY in {len(significant)} of {len(differences)} pairs of classes {rule}"
    lines = [
        f"{difference.labels[0]} {'is' if difference.is_significant else 'may not be'} told better than "
        f"{difference.labels[1]}: p = {difference.p_value:.2g}"
        for difference in differences
    ]
    return "\n".join([f"DIFFERENCES OF RECALL BETWEEN CLASSES {rule}", *lines])
