"""Classes from scores of labels: each class stands for a group, and groups compete with the labels of none."""

import numpy as np
import pytest

from audiokit.errors import UserError
from spectral_transcoder.classification.grouping import group_scores, in_the_top

LABELS = ("Bark", "Siren", "Howl", "Wind", "Rain", "Ambulance")
CLASSES = ("alert", "dog")
GROUPS = {"Bark": "dog", "Howl": "dog", "Siren": "alert", "Ambulance": "alert", "Purr": "dog"}
"""One of the labels is unknown to the teacher."""


def top(*rows, n_top, groups=GROUPS):
    return in_the_top(np.array(rows), LABELS, groups, CLASSES, n_top=n_top).astype(int).tolist()


# The highest of a group


def test_a_class_has_the_highest_score_of_its_labels():
    scores = np.array([[0.1, 0.2, 0.3, 0.9, 0.8, 0.15], [0.4, 0.0, 0.1, 0.0, 0.0, 0.7]], np.float32)
    found = group_scores(scores, LABELS, GROUPS, CLASSES)
    assert found.tolist() == np.array([[0.2, 0.3], [0.7, 0.4]], np.float32).tolist()


def test_it_is_what_a_loop_over_clips_and_classes_finds():
    scores = np.random.default_rng(0).random((50, len(LABELS)))
    expected = [
        [max(score for label, score in zip(LABELS, row, strict=True) if GROUPS.get(label) == name) for name in CLASSES]
        for row in scores
    ]
    assert group_scores(scores, LABELS, GROUPS, CLASSES).tolist() == expected


def test_a_class_of_which_the_teacher_has_no_label_is_told():
    with pytest.raises(UserError, match="the teacher has no label of the class cat"):
        group_scores(np.zeros((1, len(LABELS))), LABELS, GROUPS | {"Purr": "cat"}, (*CLASSES, "cat"))


# One class a clip


def test_the_class_with_the_highest_group_is_chosen_whatever_other_labels_say():
    assert top([0.1, 0.2, 0.3, 0.9, 0.8, 0.15], [0.4, 0.5, 0.1, 0.9, 0.9, 0.0], n_top=1) == [[0, 1], [1, 0]]


def test_of_equal_groups_the_last_in_the_alphabet_is_chosen():
    assert top([0.5, 0.5, 0, 0, 0, 0], n_top=1) == [[0, 1]]
    classes = CLASSES[::-1]
    found = in_the_top(np.array([[0.5, 0.5, 0, 0, 0, 0]]), LABELS, GROUPS, classes, n_top=1)
    assert found.tolist() == [[True, False]]


# Several classes a clip


def test_a_group_counts_once_among_the_labels_of_no_group():
    # Names in order: dog .9, Wind .5, alert .4, Rain .1; the second label of dogs takes no place.
    row = [0.9, 0.4, 0.8, 0.5, 0.1, 0.3]
    assert top(row, n_top=2) == [[0, 1]]
    assert top(row, n_top=3) == [[1, 1]]


def test_labels_of_no_group_can_leave_no_class():
    assert top([0.1, 0.2, 0, 0.9, 0.8, 0], n_top=2) == [[0, 0]]
    assert top([0.1, 0.2, 0, 0.9, 0.8, 0], n_top=4) == [[1, 1]]


def test_among_equal_scores_names_go_backwards_through_the_alphabet():
    # All at .5: dog, alert, Wind, Rain, since small letters come after capital ones.
    equal = [0.5] * 6
    assert top(equal, n_top=2) == [[1, 1]]
    groups = {"Bark": "Dog", "Siren": "Alert"}
    # Wind, Rain, Howl, Dog, Ambulance, Alert
    for n_top, expected in ((3, [False, False]), (4, [False, True]), (5, [False, True]), (6, [True, True])):
        assert in_the_top(np.array([equal]), LABELS, groups, ("Alert", "Dog"), n_top=n_top).tolist() == [expected]


def original(row, n_top):
    """The rule as the paper's code has it, written down once more: tuples sorted in reverse."""
    pool = [(max(s for s, label in zip(row, LABELS, strict=True) if GROUPS.get(label) == c), c) for c in CLASSES]
    if n_top > 1:
        pool += [(score, label) for score, label in zip(row, LABELS, strict=True) if label not in GROUPS]
    chosen = {name for _, name in sorted(pool, reverse=True)[:n_top]}
    return [int(name in chosen) for name in CLASSES]


@pytest.mark.parametrize("n_top", [1, 2, 3])
@pytest.mark.parametrize("levels", [3, 1000])
def test_the_rule_is_that_of_sorted_pairs_with_and_without_equal_scores(n_top, levels):
    rows = np.random.default_rng(n_top).integers(levels, size=(200, len(LABELS))) / levels
    found = top(*rows, n_top=n_top)
    assert found == [original(row.tolist(), n_top) for row in rows]
    if n_top == 1:
        assert np.all(np.sum(found, axis=1) == 1)
