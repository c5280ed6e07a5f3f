"""From chunks to recordings, and how right they are: the published numbers exactly, ties, and both matrices."""

import json

import numpy as np
import pytest

from exp_emvd.evaluation.measures import measure, original_text, report
from exp_emvd.evaluation.predictions import Predictions, pooled, read_predictions
from exp_emvd.evaluation.voting import vote
from exp_emvd.tasks import TASKS


@pytest.fixture(scope="module")
def golden_metrics(shared):
    return json.loads((shared / "specs" / "golden_emvd.json").read_text())


@pytest.fixture(scope="module", params=["t_multiclass", "t_binary"])
def published(request, shared, golden_metrics):
    predictions = read_predictions(shared / "data" / "emvd" / f"{request.param}.h5")
    return predictions, TASKS[request.param], golden_metrics[request.param]


def test_the_published_predictions_give_the_published_numbers(published):
    splits, task, golden = published
    measures = measure(pooled(splits), task.shown)
    original, corrected = golden["original"], golden["corrected"]
    assert measures.labels == tuple(golden["labels_order"])
    assert measures.counts.tolist() == golden["counts_file_rows_truth_cols_pred"]
    assert measures.micro_accuracy == original["micro_accuracy"]
    assert measures.mean_precision == pytest.approx(original["macro_accuracy"], abs=1e-15)
    assert measures.mean_recall == pytest.approx(corrected["macro_accuracy_mean_recall"], abs=1e-15)
    assert measures.chunk_accuracy == golden["chunk_level"]["accuracy"]
    matrices = {
        "rows_pred_cols_truth": (measures.precisions, original),
        "rows_truth_cols_pred": (measures.recalls, corrected),
    }
    for rows, (matrix, numbers) in matrices.items():
        np.testing.assert_allclose(matrix, numbers[f"confusion_matrix_{rows}_row_normalised"], atol=1e-15)


def test_each_split_of_the_published_predictions_has_its_published_accuracy(published):
    splits, task, golden = published
    for expected in golden["per_split"]:
        measures = measure(splits[expected["split"]], task.shown)
        assert measures.micro_accuracy == expected["file_accuracy"]
        assert measures.chunk_accuracy == expected["chunk_accuracy"]


def test_ties_of_the_published_predictions_are_counted(published):
    splits, task, _ = published
    assert vote(pooled(splits)).tied.sum() == {"t_multiclass": 44, "t_binary": 20}[task.name]


def test_what_is_printed_names_what_it_counts(published):
    splits, task, golden = published
    measures = measure(pooled(splits), task.shown)
    lines = original_text(measures).splitlines()
    assert lines[:2] == ["MICRO ACCURACY", str(golden["original"]["micro_accuracy"])]
    assert lines[2] == "MACRO ACCURACY"
    assert lines[4] == "CONFUSION MATRIX"
    text = report(measures)
    assert "rows: what is sung" in text
    assert "ties between votes, decided by the alphabet, as there are no scores" in text


def voted(*predicted, scores=None, truth="b", labels=("a", "b", "c")):
    n = len(predicted)
    names = np.array([f"song.wav___{number}" for number in range(n)])
    scores = None if scores is None else np.array(scores, np.float32)
    return Predictions(names, np.full(n, truth), np.array(predicted), scores, labels if scores is not None else ())


def test_most_votes_win():
    votes = vote(voted("b", "a", "b", "c"))
    assert votes.predicted == ["b"]
    assert votes.shares.tolist() == [[0.25, 0.5, 0.25]]
    assert not votes.tied


def test_a_tie_goes_to_the_first_in_the_alphabet_without_scores():
    votes = vote(voted("c", "b", "b", "c"))
    assert votes.predicted == ["b"]
    assert votes.tied
    assert not votes.by_score


def test_a_tie_goes_to_the_higher_mean_score_among_those_with_most_votes():
    scores = [[0.3, 0.5, 0.2], [0.4, 0.1, 0.5], [0.4, 0.5, 0.1], [0.3, 0.0, 0.7]]
    tie = voted("b", "c", "b", "c", scores=scores)
    assert vote(tie).predicted == ["c"]
    assert vote(tie, by_score=False).predicted == ["b"]


def test_singers_tie_as_text():
    votes = vote(voted("2", "10", truth="2", labels=("2", "10")))
    assert votes.predicted == ["10"]


def test_what_is_never_predicted_has_precision_nought_and_what_never_occurs_no_recall():
    measures = measure(voted("a", truth="b"), ("a", "b", "c"))
    assert measures.labels == ("a", "b")
    assert measures.counts.tolist() == [[0, 0], [1, 0]]
    assert measures.precisions.tolist() == [[0, 1], [0, 0]]
    assert measures.mean_recall == 0
