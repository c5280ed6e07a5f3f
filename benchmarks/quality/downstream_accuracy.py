"""What scores are worth as a classifier, as the paper's second experiment finds it (`exp_classif_eval/`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.labels.metrics import correct
from spectral_transcoder.classification.decisions import decide_by_groups, decide_by_heads
from spectral_transcoder.classification.head import predict, train_heads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audiokit.labels.labelled_dataset import Clip
    from spectral_transcoder.classification.clip_scores import ClipScorer
    from spectral_transcoder.classification.grouped_dataset import GroupedDataset

__all__ = ["GROUPS", "HEAD", "accuracies", "score_clips"]

GROUPS, HEAD = "groups (%)", "head (%)"


def score_clips(scorer: ClipScorer, clips: Sequence[Clip]) -> NDArray[np.float32]:
    """Scores of clips by all models of the scorer one after the other, (n_clips, n_scores).

    Raises
    ------
    UserError
        for a clip that cannot be used.
    """
    scored = sorted(scorer([(number, clip.name) for number, clip in enumerate(clips)]), key=lambda clip: clip.index)
    if problem := next((clip.problem for clip in scored if clip.problem), ""):
        raise UserError(problem)
    return np.stack([clip.scores for clip in scored])


def accuracies(
    dataset: GroupedDataset, clips: Sequence[Clip], scores: NDArray[np.floating], labels: Sequence[str]
) -> dict[str, NDArray[np.floating]]:
    """100 for each clip whose class is found and 0 for others, (n_clips,), from groups of labels and from heads.

    Parameters
    ----------
    clips
        without heads where they are of fewer than two folds, each of which is held out once.
    scores : (n_clips, n_labels)
    labels
        what each score is for.
    """
    targets = dataset.targets(clips)
    found = {GROUPS: 100.0 * correct(targets, decide_by_groups(dataset, scores, labels).decisions)}
    folds = [clip.fold for clip in clips]
    if len(set(folds)) > 1:
        rounds = dataset.rounds(folds)
        heads = train_heads(scores, targets, rounds, is_multilabel=dataset.is_multilabel)
        decided = decide_by_heads(dataset, predict(scores, rounds, [head.state for head in heads]))
        found[HEAD] = 100.0 * correct(targets, decided.decisions)
    return found
