"""The short form of scores: the highest labels of each block, groups of labels, and whether these are present."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["DEFAULT_THRESHOLD", "Summary"]

DEFAULT_THRESHOLD = 0.2
"""Score from which on a group counts as present; the paper's code has it for all classes."""


@dataclass(frozen=True)
class Summary:
    """What to keep of the scores of a block.

    Parameters
    ----------
    labels
        what the scores are for.
    groups
        name → which of the labels; none by default.
    n_top
        highest labels to name; none by default.
    threshold
        score from which on a group is present.
    """

    labels: Sequence[str]
    groups: Mapping[str, NDArray[np.integer]] = field(default_factory=dict)
    n_top: int = 0
    threshold: float = DEFAULT_THRESHOLD

    def group_scores(self, scores: NDArray[np.floating]) -> NDArray[np.floating]:
        """Score of each group, the highest of its labels: (n, n_labels) → (n, n_groups)."""
        columns = [scores[:, members].max(axis=1) for members in self.groups.values()]
        return np.stack(columns, axis=1) if columns else np.empty((len(scores), 0), scores.dtype)

    def present(self, group_scores: NDArray[np.floating]) -> NDArray[np.floating]:
        """1 where a group is present, 0 where it is not, NaN where there is no score."""
        return np.where(np.isnan(group_scores), np.nan, group_scores >= self.threshold)

    def columns(self, scores: NDArray[np.floating]) -> dict[str, NDArray]:
        """Columns of a table: `label_1`, `score_1` …, then each group's score and, as `<group>_present`, presence.

        Parameters
        ----------
        scores : (n, n_labels)
            NaN, in whole rows, where there are none; their labels are empty.
        """
        columns: dict[str, NDArray] = {}
        known = ~np.isnan(scores).any(axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, : self.n_top]
        names = np.asarray(self.labels, dtype=object)
        for rank in range(min(self.n_top, len(names))):
            best = order[:, rank]
            columns[f"label_{rank + 1}"] = np.where(known, names[best], "")
            columns[f"score_{rank + 1}"] = scores[np.arange(len(scores)), best]
        groups = self.group_scores(scores)
        columns |= dict(zip(self.groups, groups.T, strict=True))
        present = self.present(groups)
        columns |= {f"{name}_present": column for name, column in zip(self.groups, present.T, strict=True)}
        return columns
