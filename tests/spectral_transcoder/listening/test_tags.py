"""Tables of scores, for the terminal and for a spreadsheet."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectral_transcoder.listening.tags import WeightedMean, top_labels, top_table, write_tags

LABELS = tuple(f"label {index}" for index in range(12))


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 20)), min_size=1, max_size=20))
def test_the_mean_is_weighted(pairs):
    mean = WeightedMean()
    for value, weight in pairs:
        mean.add(np.array([value, 1 - value], np.float32), weight)
    values, weights = np.array(pairs).T
    expected = np.average(np.stack([values, 1 - values]), axis=1, weights=weights)
    np.testing.assert_allclose(mean.mean, expected, atol=1e-6)


def test_the_mean_of_many_small_numbers_is_exact():
    mean = WeightedMean()
    for _ in range(100_000):
        mean.add(np.array([0.1], np.float32), 10)
    np.testing.assert_allclose(mean.mean, np.float32(0.1), rtol=1e-9)


def test_top_labels_are_those_with_the_highest_scores_in_order():
    scores = np.array([0.1, 0.9, 0.3, 0.9, 0.2, 0.8, 0, 0, 0, 0, 0, 1])
    expected = [("label 11", 1), ("label 1", 0.9), ("label 3", 0.9), ("label 5", 0.8), ("label 2", 0.3)]
    assert top_labels(scores, LABELS, n=5) == expected
    assert len(top_labels(scores, LABELS)) == 10
    assert top_labels(scores, LABELS, n=100)[-1] == ("label 10", 0)


def test_equal_scores_keep_the_order_of_the_labels():
    assert [label for label, _ in top_labels(np.full(12, 0.5), LABELS)] == list(LABELS[:10])


def test_the_table_shows_models_side_by_side():
    scores = {"Ground truth": np.linspace(0, 1, 12), "PINV": np.linspace(0.996, 0, 12)}
    assert top_table(scores, LABELS, n=3).splitlines() == [
        "Ground truth   PINV",
        "1.00 label 11  1.00 label 0",
        "0.91 label 10  0.91 label 1",
        "0.82 label 9   0.81 label 2",
    ]


def test_long_labels_are_cut_in_the_table_and_nowhere_else(tmp_path):
    label = "Outside, urban or manmade, with a tail"
    assert top_table({"A": np.array([0.5])}, [label]).splitlines() == ["A", "0.50 Outside, urban or manmade,"]
    write_tags(tmp_path / "tags.csv", {"A": np.array([0.5])}, [label])
    assert read_csv(tmp_path / "tags.csv") == [["label", "A"], [label, "0.500000"]]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_file_has_all_labels_sorted_by_the_first_model(tmp_path, seed):
    generator = np.random.default_rng(seed)
    scores = {name: generator.random(12).round(2) for name in ("first", "second")}
    write_tags(tmp_path / "tags.csv", scores, LABELS)
    header, *rows = read_csv(tmp_path / "tags.csv")
    assert header == ["label", "first", "second"]
    assert sorted(label for label, *_ in rows) == sorted(LABELS)
    firsts = [float(first) for _, first, _ in rows]
    assert firsts == sorted(firsts, reverse=True)
    for label, *values in rows:
        assert [float(value) for value in values] == [scores[name][LABELS.index(label)] for name in scores]


def test_commas_and_quotes_in_labels_survive(tmp_path):
    labels = ("Toot, honk", 'The "thing"', "Café")
    write_tags(tmp_path / "tags.csv", {"A": np.array([0.3, 0.2, 0.1])}, labels)
    assert [row[0] for row in read_csv(tmp_path / "tags.csv")[1:]] == list(labels)
