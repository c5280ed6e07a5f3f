"""From predictions for chunks to one for each recording: its chunks vote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.labels.groups import group_means
from exp_emvd.evaluation.predictions import recording_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exp_emvd.evaluation.predictions import Predictions

__all__ = ["Votes", "vote"]


@dataclass(frozen=True)
class Votes:
    """What the chunks of recordings voted for."""

    recordings: NDArray[np.str_]
    """(n_recordings,), in alphabetical order."""

    truths: NDArray[np.str_]
    """(n_recordings,)"""

    predicted: NDArray[np.str_]
    """(n_recordings,)"""

    labels: NDArray[np.str_]
    """(n_labels,), all that occur, in alphabetical order."""

    shares: NDArray[np.float64]
    """(n_recordings, n_labels), of the votes."""

    tied: NDArray[np.bool_]
    """(n_recordings,), whether several labels had most votes."""

    by_score: bool
    """Whether ties were broken by scores; else by the alphabet."""

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether recordings are told right, (n_recordings,)."""
        return self.truths == self.predicted


def vote(predictions: Predictions, *, by_score: bool = True) -> Votes:
    """Let the chunks of each recording vote.

    Parameters
    ----------
    predictions
    by_score
        give a tie to the label with the highest mean score, where there are scores. The original gives it to the first
        label in alphabetical order, which favours BlackShriek, then ClearVoice.
    """
    names = np.array([recording_name(name) for name in predictions.audio_names])
    recordings, recording = np.unique(names, return_inverse=True)
    labels = np.unique(np.concatenate([predictions.truths, predictions.predicted]))
    shares = _shares(recording, predictions.predicted, labels)
    most = np.isclose(shares, shares.max(axis=1, keepdims=True))
    by_score = by_score and predictions.scores is not None
    favour = _mean_scores(recording, predictions, labels) if by_score else np.zeros_like(shares)
    return Votes(
        recordings=recordings,
        truths=labels[_shares(recording, predictions.truths, labels).argmax(axis=1)],
        predicted=labels[np.where(most, favour, -np.inf).argmax(axis=1)],
        labels=labels,
        shares=shares,
        tied=most.sum(axis=1) > 1,
        by_score=by_score,
    )


def _shares(group: NDArray[np.intp], chosen: NDArray[np.str_], labels: NDArray[np.str_]) -> NDArray[np.float64]:
    """Share of each label in each group, (n_groups, n_labels)."""
    return group_means((chosen[:, None] == labels).astype(float), group)


def _mean_scores(group: NDArray[np.intp], predictions: Predictions, labels: NDArray[np.str_]) -> NDArray[np.float64]:
    """Mean score of each label in each group, (n_groups, n_labels)."""
    columns = [predictions.labels.index(label) for label in labels]
    return group_means(predictions.scores[:, columns].astype(float), group)
