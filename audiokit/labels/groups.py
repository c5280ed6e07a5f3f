"""From values of chunks, pieces or segments to those of the recordings that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["group_means"]


def group_means(values: NDArray[np.floating], groups: NDArray[np.integer]) -> NDArray[np.float64]:
    """Mean of the rows of each group.

    Parameters
    ----------
    values : (n, …)
    groups : (n,)
        number of each row's group, from 0; none is left out.

    Returns
    -------
    (n_groups, …)
    """
    counts = np.bincount(groups)
    sums = np.zeros((len(counts), *values.shape[1:]))
    np.add.at(sums, groups, values)
    return sums / counts.reshape(-1, *[1] * (values.ndim - 1))
