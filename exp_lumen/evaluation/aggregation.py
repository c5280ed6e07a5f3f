"""From the scores of pieces to those of recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AGGREGATIONS", "by_recording"]

AGGREGATIONS = ("mean", "union")
"""union is the original's: an instrument is there if any piece has it, of which long recordings have more by chance."""


def by_recording(scores: NDArray[np.floating], n_rows: NDArray[np.integer], how: str) -> NDArray[np.float64]:
    """Scores of recordings.

    Parameters
    ----------
    scores : (n_rows_in_all, 11)
        of pieces, those of a recording one after the other.
    n_rows : (n_recordings,)
        pieces of each, one at least.
    how
        one of `AGGREGATIONS`.

    Returns
    -------
    (n_recordings, 11)
    """
    firsts = np.cumsum(n_rows) - n_rows
    if how == "union":
        return np.maximum.reduceat(scores.astype(np.float64), firsts, axis=0)
    return np.add.reduceat(scores.astype(np.float64), firsts, axis=0) / np.asarray(n_rows)[:, None]
