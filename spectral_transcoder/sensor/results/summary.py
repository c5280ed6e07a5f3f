"""The short form of scores: the highest labels of each block, groups of labels, and whether these are present."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.presence.thresholds import Threshold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Summary"]


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
    thresholds
        of groups; of those that are not named, the default.
    with_probabilities
        tell how probable it is that each group is present.
    unheard
        groups whose columns stay empty → why: what would be said of them is no better than chance.
    """

    labels: Sequence[str]
    groups: Mapping[str, NDArray[np.integer]] = field(default_factory=dict)
    n_top: int = 0
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    with_probabilities: bool = False
    unheard: Mapping[str, str] = field(default_factory=dict)

    @property
    def heard(self) -> dict[str, NDArray[np.integer]]:
        """The groups of which something is said."""
        return {name: members for name, members in self.groups.items() if name not in self.unheard}

    def without(self, unheard: Mapping[str, str]) -> Summary:
        """The same, but that some groups are left empty."""
        return replace(self, unheard=unheard)

    def at(self, thresholds: Mapping[str, Threshold]) -> Summary:
        """The same with other thresholds."""
        return replace(self, thresholds=thresholds)

    def group_scores(self, scores: NDArray[np.floating]) -> NDArray[np.floating]:
        """Score of each group that is heard, the highest of its labels: (n, n_labels) → (n, n_groups)."""
        columns = [scores[:, members].max(axis=1) for members in self.heard.values()]
        return np.stack(columns, axis=1) if columns else np.empty((len(scores), 0), scores.dtype)

    def present(self, group_scores: NDArray[np.floating]) -> NDArray[np.floating]:
        """1 where a group is present, 0 where it is not, NaN where there is no score."""
        limits = np.array([self.threshold_of(name).score for name in self.heard])
        return np.where(np.isnan(group_scores), np.nan, group_scores >= limits)

    def probabilities(self, group_scores: NDArray[np.floating]) -> NDArray[np.floating]:
        """Probability that each group that is heard is present, (n, n_groups); NaN where nobody knows."""
        columns = [
            self.threshold_of(name).probability(scores) for name, scores in zip(self.heard, group_scores.T, strict=True)
        ]
        return np.stack(columns, axis=1) if columns else group_scores

    def is_probability_known(self, group: str) -> bool:
        """Whether scores of a group tell how probable it is that it is present."""
        return not np.isnan(self.threshold_of(group).slope)

    def threshold_of(self, group: str) -> Threshold:
        """When a group is present."""
        return self.thresholds.get(group, Threshold())

    def columns(self, scores: NDArray[np.floating]) -> dict[str, NDArray]:
        """Columns of a table: `label_1`, `score_1` …, then each group's score and, as `<group>_present`, presence.

        If asked for, the probability of presence follows as `<group>_probability`.

        Parameters
        ----------
        scores : (n, n_labels)
            NaN, in whole rows, where there are none; their labels are empty. So are the columns of unheard groups.
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
        of_group = dict(zip(self.heard, groups.T, strict=True))
        present = dict(zip(self.heard, self.present(groups).T, strict=True))
        nothing = np.full(len(scores), np.nan)
        columns |= {name: of_group.get(name, nothing) for name in self.groups}
        columns |= {f"{name}_present": present.get(name, nothing) for name in self.groups}
        if self.with_probabilities:
            probable = dict(zip(self.heard, self.probabilities(groups).T, strict=True))
            columns |= {f"{name}_probability": probable.get(name, nothing) for name in self.groups}
        return columns
