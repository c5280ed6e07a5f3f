"""Classes that clips are taken for: one of each clip, or as many as are likely."""

from pathlib import Path

import numpy as np
import pytest
from classification_fixtures import write_table

from spectral_transcoder.classification.decisions import decide_by_groups, decide_by_heads
from spectral_transcoder.classification.grouped_dataset import GroupedDataset

SCORES = np.array([[0.3, 0.2, 0.9], [0.1, 0.6, 0.4]])


def dataset(groups=Path(), **more):
    return GroupedDataset("pets", ("cat", "dog"), lambda _: [], groups=groups, folds=("1",), **more)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({}, [[1, 0], [0, 1]], id="of one class, the group with the highest label"),
        # Rain, which is of no group, takes one of the two places.
        pytest.param({"is_multilabel": True, "top": 2}, [[1, 0], [0, 1]], id="of several, two names"),
        pytest.param({"is_multilabel": True, "top": 3}, [[1, 1], [1, 1]], id="of several, three names"),
    ],
)
def test_groups_decide_by_their_highest_label(tmp_path, more, expected):
    groups = write_table(tmp_path / "groups.csv", [["label", "group"], ["Purr", "cat"], ["Dog", "dog"]])
    decided = decide_by_groups(dataset(groups, **more), SCORES, ("Purr", "Dog", "Rain"))
    assert decided.predictions.tolist() == SCORES[:, :2].tolist()
    assert decided.decisions.astype(int).tolist() == expected


@pytest.mark.parametrize(
    ("is_multilabel", "expected"),
    [(False, [[0, 1], [1, 0], [0, 0]]), (True, [[1, 1], [0, 0], [0, 0]])],
)
def test_heads_decide_by_the_likeliest_class_or_by_all_that_are_likely(is_multilabel, expected):
    predictions = np.array([[0.5, 0.8], [0.4, 0.1], [np.nan, np.nan]], np.float32)
    decided = decide_by_heads(dataset(is_multilabel=is_multilabel), predictions)
    assert decided.decisions.astype(int).tolist() == expected
    assert decided.predictions is predictions
