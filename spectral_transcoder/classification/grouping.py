"""Classes of a dataset from the scores of AudioSet's labels, without training.

Tailleur et al., DCASE 2023, after Gontier et al. (2021): each class stands for a group of labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from teachers.label_groups import members_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["group_scores", "in_the_top"]


def group_scores(
    scores: NDArray[np.floating], labels: Sequence[str], groups: Mapping[str, str], classes: Sequence[str]
) -> NDArray[np.floating]:
    """Highest score among the labels of each class.

    Parameters
    ----------
    scores : (n_clips, n_labels)
    labels
        what each score is for; groups may have labels that a teacher does not know, as long as it knows another.
    groups
        label → class.

    Returns
    -------
    (n_clips, n_classes)

    Raises
    ------
    UserError
        where the teacher has no label of a class.
    """
    members = members_of(labels, groups)
    if without := [name for name in classes if not len(members.get(name, ()))]:
        raise UserError(f"the teacher has no label of the class {', '.join(without)}: add one to the groups")
    return np.stack([scores[:, members[name]].max(axis=1) for name in classes], axis=1)


def in_the_top(
    scores: NDArray[np.floating],
    labels: Sequence[str],
    groups: Mapping[str, str],
    classes: Sequence[str],
    *,
    n_top: int,
) -> NDArray[np.bool_]:
    """Which classes are among the highest names, where the groups and the labels of no group compete.

    That a group counts once keeps the many labels of music, say, from leaving no place for anything else.

    Parameters
    ----------
    n_top
        names that count as present. With 1, the labels of no group do not compete: one class is always chosen.

    Returns
    -------
    (n_clips, n_classes)
        Among equal scores, the name that comes last in the alphabet is the higher one, as in the original.
    """
    by_class = group_scores(scores, labels, groups, classes)
    others = [] if n_top == 1 else [index for index, label in enumerate(labels) if label not in groups]
    competing = np.concatenate([by_class, scores[:, others]], axis=1)
    names = np.array([*classes, *(labels[index] for index in others)])
    rank_of_name = names.argsort().argsort()
    order = np.lexsort((np.broadcast_to(rank_of_name, competing.shape), competing), axis=1)
    present = np.zeros(competing.shape, bool)
    np.put_along_axis(present, order[:, -n_top:], True, axis=1)
    return present[:, : len(classes)]
