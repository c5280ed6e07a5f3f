"""Which state is kept, and when training stops."""

import math

import pytest

from audiokit.learning.keeping import Keeping


@pytest.mark.parametrize(
    ("rule", "values", "best"),
    [
        (Keeping(), [3, 1, 2, 1, 4], 3),
        (Keeping(later_of_equals=False), [3, 1, 2, 1, 4], 1),
        (Keeping(rises=True), [3, 4, 2, 4, 1], 3),
        (Keeping(untrained=False), [0, 2, 1], 2),
        (Keeping(), [math.nan, 2, math.nan], 1),
        (Keeping(), [math.nan], None),
        (Keeping(), [math.inf, math.inf], 1),
    ],
)
def test_the_best_value_is_kept(rule, values, best):
    assert rule.best(values) == best


@pytest.mark.parametrize(("n_epochs", "is_over"), [(0, False), (1, False), (2, False), (3, True)])
def test_patience_counts_epochs_since_the_best(n_epochs, is_over):
    values = [5, 4, 3, *[9] * n_epochs]
    assert Keeping(patience=3).is_over(values) is is_over
    assert not Keeping().is_over(values)
