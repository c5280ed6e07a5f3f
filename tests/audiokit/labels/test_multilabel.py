"""Several labels at once: measured over whole sets, against scikit-learn and what can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from audiokit.labels.multilabel import (
    best_thresholds,
    label_ranking_average_precision,
    mean_average_precision,
    measure_decisions,
    two_by_two,
)

SIDES = st.tuples(st.integers(2, 40), st.integers(2, 6), st.integers(0, 10_000))


def case(n_clips, n_labels, seed):
    generator = np.random.default_rng(seed)
    targets = generator.random((n_clips, n_labels)) < 0.4
    return targets, generator.random((n_clips, n_labels)).round(1)


@given(SIDES)
def test_scores_are_those_of_scikit_learn(sides):
    targets, scores = case(*sides)
    decisions = scores >= 0.5
    targets[0] = True
    measured = measure_decisions(targets, decisions)
    assert measured.hamming_score == pytest.approx(1 - metrics.hamming_loss(targets, decisions))
    assert measured.micro_f1 == pytest.approx(metrics.f1_score(targets, decisions, average="micro"))
    theirs = metrics.f1_score(targets, decisions, average=None, zero_division=np.nan)
    np.testing.assert_allclose(measured.f1_by_label, theirs)
    np.testing.assert_array_equal(
        two_by_two(targets, decisions), metrics.multilabel_confusion_matrix(targets, decisions)
    )


@given(SIDES)
def test_a_perfect_answer_has_1_whatever_the_labels(sides):
    targets, _ = case(*sides)
    targets[0] = True
    measured = measure_decisions(targets, targets)
    assert (measured.macro_f1, measured.micro_f1, measured.hamming_score, measured.exact_match) == (1, 1, 1, 1)


@given(SIDES)
def test_unknown_labels_count_for_nothing(sides):
    targets, scores = case(*sides)
    decisions = scores >= 0.5
    known = np.random.default_rng(sides[2]).random(targets.shape) < 0.7
    spoilt = np.where(known, decisions, ~decisions)
    first, second = measure_decisions(targets, decisions, known), measure_decisions(targets, spoilt, known)
    np.testing.assert_array_equal(first.f1_by_label, second.f1_by_label)
    np.testing.assert_equal(first.hamming_score, second.hamming_score)
    assert mean_average_precision(targets, np.where(known, scores, 9), known) == pytest.approx(
        mean_average_precision(targets, scores, known), nan_ok=True
    )


@given(SIDES)
def test_the_mean_average_precision_is_that_of_scikit_learn_over_labels_that_are_present(sides):
    targets, scores = case(*sides)
    scores = scores.round(1)  # with equal ones, and few
    present = targets.any(axis=0)
    expected = metrics.average_precision_score(targets[:, present], scores[:, present]) if present.any() else np.nan
    assert mean_average_precision(targets, scores) == pytest.approx(expected, nan_ok=True)


def test_what_is_scored_alike_has_the_share_of_clips_with_the_label_for_average_precision():
    targets = np.eye(4)[[0, 0, 0, 1, 2]]
    assert mean_average_precision(targets, np.full((5, 4), 0.5)) == pytest.approx((3 / 5 + 1 / 5 + 1 / 5) / 3)
    known = np.ones((5, 4))
    known[4, 0] = 0
    assert mean_average_precision(targets, np.full((5, 4), 0.5), known) == pytest.approx((3 / 4 + 1 / 5 + 1 / 5) / 3)


@given(SIDES)
def test_no_threshold_has_a_higher_f1_than_the_best(sides):
    targets, scores = case(*sides)
    thresholds = best_thresholds(targets, scores)
    best = measure_decisions(targets, scores >= thresholds).f1_by_label
    usable = targets.any(axis=0) & ~targets.all(axis=0)
    for threshold in np.linspace(0.05, 0.95, 10):
        tried = measure_decisions(targets, scores >= threshold).f1_by_label
        assert (best[usable] >= tried[usable] - 1e-12).all()


def test_thresholds_are_halfway_between_the_scores_that_they_part():
    targets = np.array([[1, 1], [1, 1], [0, 1]])
    scores = np.array([[0.9, 0.1], [0.7, 0.2], [0.3, 0.3]])
    np.testing.assert_allclose(best_thresholds(targets, scores), [0.5, 0.5])


def test_the_all_zero_answer_is_told_beside_the_hamming_score():
    targets = np.eye(4)
    assert measure_decisions(targets, np.zeros((4, 4))).all_zero_hamming_score == 0.75


def test_lrap_is_that_of_scikit_learn_and_leaves_out_clips_without_labels():
    targets = np.array([[1, 0, 0], [0, 0, 1], [0, 0, 0]])
    scores = np.array([[0.75, 0.5, 1], [1, 0.2, 0.1], [0.3, 0.2, 0.1]])
    assert label_ranking_average_precision(targets, scores) == pytest.approx(0.41666666)
    assert np.isnan(label_ranking_average_precision(targets[2:], scores[2:]))
