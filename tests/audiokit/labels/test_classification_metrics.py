"""The metrics are scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, auc, average_precision_score, confusion_matrix, precision_recall_curve

from audiokit.labels.metrics import confusion, correct, precision_recall_areas


@pytest.fixture
def multilabel():
    generator = np.random.default_rng(0)
    targets = (generator.random((300, 8)) < 0.2).astype(np.float32)
    predictions = (0.5 * targets + generator.random((300, 8))).astype(np.float32)
    return targets, predictions


@pytest.fixture
def single():
    generator = np.random.default_rng(1)
    classes, chosen = generator.integers(10, size=(2, 400))
    chosen = np.where(generator.random(400) < 0.5, classes, chosen)
    return classes, chosen, np.eye(10, dtype=np.float32)[classes], np.eye(10, dtype=bool)[chosen]


def test_accuracy_is_that_of_scikit_learn(single):
    classes, chosen, targets, decisions = single
    assert correct(targets, decisions).mean() == accuracy_score(classes, chosen)
    assert correct(targets, decisions).tolist() == (classes == chosen).tolist()


def test_of_several_classes_the_first_decides():
    targets = np.array([[0, 1, 1], [0, 1, 1], [1, 0, 1], [0, 0, 0], [0, 0, 0]])
    decisions = np.array([[0, 1, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0], [0, 1, 0]])
    assert correct(targets, decisions).tolist() == [True, False, True, True, False]


def test_areas_are_those_of_scikit_learn(multilabel):
    targets, predictions = multilabel
    for index, area in enumerate(precision_recall_areas(targets, predictions)):
        precision, recall, _ = precision_recall_curve(targets[:, index], predictions[:, index])
        assert area == auc(recall, precision)
        assert area == pytest.approx(average_precision_score(targets[:, index], predictions[:, index]), abs=0.01)


def test_areas_by_hand():
    targets = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 1], [0, 0, 1]])
    predictions = np.array([[0.9, 0.1, 0.3], [0.8, 0.9, 0.2], [0.7, 0.2, 0.1], [0.1, 0.3, 0.0]])
    # Recall ½ at precision 1, ½ at ½, 1 at ⅔; a perfect order; a class that all have.
    assert precision_recall_areas(targets, predictions) == pytest.approx([0.5 + 0.5 * (1 / 2 + 2 / 3) / 2, 1, 1])


def test_a_class_that_no_clip_has_has_no_area(multilabel):
    targets, predictions = multilabel
    areas = precision_recall_areas(
        np.concatenate([targets, 0 * targets[:, :1]], axis=1), np.tile(predictions, 2)[:, :9]
    )
    assert np.isnan(areas).tolist() == [False] * 8 + [True]


def test_confusion_is_that_of_scikit_learn(single):
    classes, chosen, targets, decisions = single
    assert np.array_equal(confusion(targets, decisions), confusion_matrix(classes, chosen, normalize="true"))
    assert confusion(targets, decisions).sum(axis=1) == pytest.approx(1)


def test_a_class_without_clips_has_no_share():
    shares = confusion(np.eye(3)[[0, 0, 2]], np.eye(3)[[0, 1, 1]])
    np.testing.assert_array_equal(shares, [[0.5, 0.5, 0], [np.nan] * 3, [0, 1, 0]])
