"""Measures of recordings: whole sets, whatever the batch size, and the original's own figures."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiokit.labels.multilabel import measure_decisions
from exp_lumen.evaluation.aggregation import by_recording
from exp_lumen.evaluation.figures import score_histogram_figure
from exp_lumen.evaluation.measures import batchwise_macro_f1, measures_of
from exp_lumen.instruments import CODES


@pytest.fixture(scope="session")
def original(shared):
    """What the original's committed tables hold."""
    return json.loads((shared / "specs" / "golden_lumen.json").read_text())


def labels_with(counts, n_rows, *, seed=0):
    """Labels with so many rows of each instrument, (n_rows, 11)."""
    generator = np.random.default_rng(seed)
    labels = np.zeros((n_rows, 11), int)
    for column, code in enumerate(CODES):
        labels[generator.choice(n_rows, counts[code], replace=False), column] = 1
    return labels


@pytest.mark.parametrize("batch_size", [1, 4, 16, 64])
def test_a_perfect_answer_has_1_whatever_the_batch_size_and_the_original_s_measure_has_not(original, batch_size):
    golden = original["irmas_test_all"]
    labels = labels_with(golden["per_label"], golden["rows"])
    assert measure_decisions(labels, labels).macro_f1 == 1
    batches = [labels[start : start + batch_size] for start in range(0, len(labels), batch_size)]
    pooled = np.concatenate(batches)
    assert measures_of(pooled, pooled.astype(float), np.ones_like(pooled), np.full(11, 0.5))["f1"] == 1
    expected = {1: 0.156, 4: 0.43, 16: 0.77, 64: 0.95}[batch_size]
    assert batchwise_macro_f1(labels, labels, batch_size) == pytest.approx(expected, abs=0.03)


def test_baselines_of_the_original_s_tables_follow_from_their_counts(original):
    tables = [*original["csv_counts"].values(), original["irmas_test_all"]]
    for golden in tables:
        labels = labels_with(golden["per_label"], golden["rows"])
        measured = measure_decisions(labels, np.zeros_like(labels))
        assert measured.all_zero_hamming_score == pytest.approx(golden["all_zero_hamming_score"], abs=1e-6)
        if "all_one_macro_f1" in golden:
            assert measure_decisions(labels, np.ones_like(labels)).macro_f1 == pytest.approx(
                golden["all_one_macro_f1"], abs=1e-6
            )


COMMITTED = {
    "cel": (17, 24), "cla": (23, 31), "flu": (26, 27), "gac": (27, 33), "gel": (14, 29), "org": (19, 39),
    "pia": (15, 41), "sax": (41, 25), "tru": (45, 31), "vio": (19, 28), "voi": (33, 19),
}  # fmt: skip
"""Hits and errors of the original's committed answers: the only ones that give its F1 by instrument, 279 hits and 327
errors in all, as its micro F1 and Hamming score say."""


def test_the_original_s_committed_answers_have_its_figures(original):
    golden = original["lumen_test_predictions"]
    targets, decisions = np.zeros((golden["n"], 11), int), np.zeros((golden["n"], 11), int)
    for column, (hits, errors) in enumerate(COMMITTED.values()):
        targets[:hits, column] = decisions[:hits, column] = 1
        missed = errors // 2  # how many of the errors are misses changes neither F1 nor the Hamming score
        targets[hits : hits + missed, column] = 1
        decisions[hits + missed : hits + errors, column] = 1
    measured = measures_of(targets, decisions.astype(float), np.ones_like(targets), np.full(11, 0.5))
    assert measured["hamming_score"] == pytest.approx(golden["hamming_score"], abs=1e-9)  # .7057
    assert measured["f1"] == pytest.approx(golden["macro_f1"], abs=1e-9)  # .6120
    assert measured["micro_f1"] == pytest.approx(golden["micro_f1"], abs=1e-9)
    by_code = {code: round(row["f1"], 4) for code, row in measured["instruments"].items()}
    assert by_code == golden["f1_per_label"]


def test_the_original_s_halves_of_irmas_test_add_up(original):
    first, second = (
        original["csv_counts"][f"irmas_{name}"] for name in ("train_from_test_n_1544", "test_from_test_n_1330")
    )
    whole = original["irmas_test_all"]
    assert {code: first["per_label"][code] + second["per_label"][code] for code in CODES} == whole["per_label"]
    assert original["song_wise_split"]["train_songs"] + original["song_wise_split"]["test_songs"] == whole["songs"]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(0, 99))
def test_recordings_have_the_highest_or_the_mean_score_of_their_pieces(n_rows, seed):
    scores = np.random.default_rng(seed).random((sum(n_rows), 11)).astype(np.float32)
    parts = np.split(scores, np.cumsum(n_rows)[:-1])
    np.testing.assert_allclose(by_recording(scores, np.array(n_rows), "union"), [p.max(axis=0) for p in parts])
    np.testing.assert_allclose(
        by_recording(scores, np.array(n_rows), "mean"), [p.mean(axis=0) for p in parts], rtol=1e-5
    )


def test_the_union_of_decisions_is_the_decision_of_the_union():
    scores = np.random.default_rng(0).random((6, 11))
    union = by_recording(scores, np.array([2, 4]), "union") >= 0.6
    decided = scores >= 0.6
    np.testing.assert_array_equal(union, [decided[:2].any(axis=0), decided[2:].any(axis=0)])


def test_a_label_that_is_unknown_is_in_no_histogram_of_scores():
    targets, known = labels_with(dict.fromkeys(CODES, 4), 20), np.ones((20, 11))
    known[np.flatnonzero(targets[:, 0] == 0)[:5], 0] = 0
    known[:, 1] = 0
    scores = np.random.default_rng(0).random((20, 11))
    figure = score_histogram_figure(targets, scores, known, np.full(11, 0.5), title="")
    drawn = [
        [sum(bar.get_height() for bar in bars) for bars in panel.containers]  # absent, present
        for panel in figure.axes[:3]
    ]
    assert drawn == [[11, 4], [0, 0], [16, 4]]


def test_all_that_is_told_can_be_written_as_yaml():
    import yaml

    labels = labels_with(dict.fromkeys(CODES, 4), 20)
    known = np.ones_like(labels)
    known[0] = 0
    told = measures_of(labels, np.random.default_rng(0).random((20, 11)), known, np.full(11, 0.5))
    again = yaml.safe_load(yaml.safe_dump(told))
    assert again["instruments"]["sax"]["known"] == 19 and np.isnan(again["lrap"])
    assert 0 < again["f1"] < 1 and again["hamming_score_of_all_zero"] == pytest.approx(0.8, abs=0.02)
