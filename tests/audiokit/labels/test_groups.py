"""Means over the rows of each group."""

import numpy as np
import pytest

from audiokit.labels.groups import group_means

GROUPS = np.array([0, 2, 1, 0, 2, 2])


@pytest.mark.parametrize("shape", [(6,), (6, 3), (6, 2, 4)])
def test_each_group_s_rows_are_averaged_wherever_they_stand(shape):
    values = np.random.default_rng(0).standard_normal(shape)
    expected = [values[group == GROUPS].mean(axis=0) for group in range(3)]
    np.testing.assert_allclose(group_means(values, GROUPS), expected, atol=1e-12)


def test_single_precision_and_decisions_are_summed_in_double():
    assert group_means(np.full(6, 0.1, np.float32), GROUPS).dtype == np.float64
    np.testing.assert_array_equal(group_means(np.array([1, 1, 0, 0, 0, 1], bool), GROUPS), [0.5, 0, 2 / 3])
