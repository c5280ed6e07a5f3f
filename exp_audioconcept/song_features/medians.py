"""Running medians of spectrograms, which are nearly all the work of telling harmonic from percussive sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["running_medians"]


def running_medians(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Medians of a window that runs along the rows, edges mirrored with their cell repeated.

    The same numbers as `scipy.ndimage.median_filter(values, size=(1, width), mode="reflect")`, which sorts every window
    anew: here the sorted window loses one number and gains one.

    Parameters
    ----------
    values : (n_rows, n_columns)
        finite.
    width
        of the window, odd.

    Returns
    -------
    (n_rows, n_columns)
    """
    padded = np.pad(np.ascontiguousarray(values), ((0, 0), (width // 2, width // 2)), mode="symmetric")
    return _medians(padded, width)


@numba.njit(cache=True, nogil=True)
def _medians(padded: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    n_rows, n_padded = padded.shape
    n_columns = n_padded - width + 1
    medians = np.empty((n_rows, n_columns), padded.dtype)
    for row in range(n_rows):
        window = np.sort(padded[row, :width])
        medians[row, 0] = window[width // 2]
        for column in range(1, n_columns):
            gone, new = padded[row, column - 1], padded[row, column + width - 1]
            _replace(window, gone, new)
            medians[row, column] = window[width // 2]
    return medians


@numba.njit(cache=True, nogil=True)
def _replace(window: NDArray[np.float32], gone: float, new: float) -> None:
    """Put a number in the place of another one, and move it to where it belongs."""
    place = np.searchsorted(window, gone)
    while place + 1 < len(window) and window[place + 1] < new:
        window[place] = window[place + 1]
        place += 1
    while place > 0 and window[place - 1] > new:
        window[place] = window[place - 1]
        place -= 1
    window[place] = new
