"""Measures against scikit-learn's on made scores, and means over segments."""

import numpy as np
import pytest
from sklearn import metrics

from exp_samplecnn.evaluation.measures import measure
from exp_samplecnn.evaluation.scores import clip_means

rng = np.random.default_rng(0)
TARGETS = (rng.random((200, 7)) < 0.3).astype(np.uint8)
SCORES = np.clip(0.3 * TARGETS + 0.7 * rng.random((200, 7)), 0, 1)


def test_measures_are_scikit_learn_s():
    measured = measure(TARGETS, SCORES, threshold=0.5)
    decided = SCORES > 0.5
    assert measured.overall["rocauc"] == pytest.approx(metrics.roc_auc_score(TARGETS, SCORES, average="macro"))
    assert measured.overall["prauc"] == pytest.approx(metrics.average_precision_score(TARGETS, SCORES))
    assert measured.overall["acc"] == pytest.approx(metrics.accuracy_score(TARGETS, decided))
    expected = metrics.f1_score(TARGETS, decided, average="samples", zero_division=0)
    assert measured.overall["f1"] == pytest.approx(expected)
    np.testing.assert_allclose(measured.by_class["f1"], metrics.f1_score(TARGETS, decided, average=None))
    np.testing.assert_array_equal(measured.n_clips, TARGETS.sum(axis=0))


def test_a_word_below_the_threshold_is_wrong_by_acc_and_right_by_argmax():
    measured = measure(np.eye(3)[[0, 1]], np.array([[0.4, 0.3, 0.3], [0.2, 0.6, 0.2]]), threshold=0.5)
    assert (measured.overall["acc"], measured.overall["argmax"]) == (0.5, 1)


def test_a_score_of_the_threshold_itself_decides_for_nothing():
    assert measure(np.array([[1, 0]]), np.array([[0.5, 0.1]]), threshold=0.5).overall["f1"] == 0


def test_classes_that_all_clips_have_or_none_are_left_out_of_rankings():
    targets = TARGETS.copy()
    targets[:, 2], targets[:, 5] = 0, 1
    measured = measure(targets, SCORES, threshold=0.5)
    assert measured.without_ranking.tolist() == [2, 5]
    rest = [0, 1, 3, 4, 6]
    assert measured.overall["rocauc"] == pytest.approx(metrics.roc_auc_score(targets[:, rest], SCORES[:, rest]))


def test_a_clip_s_score_is_the_mean_over_its_segments_in_any_order():
    scores = np.array([[1.0, 0], [0, 1], [0.5, 0.5], [0, 0]])
    means = clip_means(scores, np.array([7, 3, 7, 3]), np.array([3, 7]))
    np.testing.assert_allclose(means, [[0, 0.5], [0.75, 0.25]])
