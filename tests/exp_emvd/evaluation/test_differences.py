"""Recalls of classes are compared on their recordings, and corrected for the number of pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exp_emvd.evaluation.differences import differences_text, holm, recall_differences

PUBLISHED = np.array([[285, 5, 8, 5], [6, 50, 18, 38], [12, 20, 135, 15], [29, 15, 20, 99]])
LABELS = ("ClearVoice", "BlackShriek", "DeathGrowl", "HardcoreScream")


def test_fisher_s_tea_tasting_has_its_p_value():
    (difference,) = recall_differences(np.array([[3, 1], [3, 1]]), ("milk", "tea"))
    assert difference.p_value == pytest.approx(0.4857, abs=1e-4)
    assert difference.labels == ("milk", "tea")


def test_of_the_published_predictions_clear_voice_is_told_best_and_black_shriek_worst():
    found = {difference.labels: difference for difference in recall_differences(PUBLISHED, LABELS)}
    assert all(found["ClearVoice", other].is_significant for other in LABELS[1:])
    assert all(found[other, "BlackShriek"].is_significant for other in ("DeathGrowl", "HardcoreScream"))
    assert len(found) == 6


def test_holm_multiplies_the_smallest_by_all_and_never_turns_the_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@given(st.lists(st.floats(0, 1), max_size=20))
def test_corrected_values_are_never_smaller(p_values):
    corrected = holm(p_values)
    assert all(p <= c <= 1 for p, c in zip(p_values, corrected, strict=True))


def test_classes_without_recordings_are_left_out():
    assert recall_differences(np.array([[3, 1], [0, 0]]), ("heard", "never")) == []


def test_many_pairs_are_counted():
    counts = np.diag([50] * 4 + [0]) + np.pad([[50]], ((4, 0), (0, 4)))
    assert differences_text(recall_differences(counts, "abcde")).startswith("RECALLS DIFFER SIGNIFICANTLY in 4 of 10")
