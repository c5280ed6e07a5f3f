"""Frequency weightings at the centres of the bands, to take them off levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.third_octave import CENTRE_FREQUENCIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["WEIGHTINGS", "weights"]

WEIGHTINGS = ("A", "C", "Z")

POLES_HZ = (20.598997, 107.65265, 737.86223, 12194.217)
"""f1 to f4 of IEC 61672-1:2013, annex E: 20.60, 107.7, 737.9 and 12 194 Hz, not rounded."""


def weights(name: str, frequencies: NDArray[np.floating] = CENTRE_FREQUENCIES) -> NDArray[np.float64]:
    """Weighting of frequencies (IEC 61672-1:2013, equations E.1 and E.6), 0 dB at 1 kHz.

    Parameters
    ----------
    name
        A, C or Z; Z is 0 dB everywhere.
    frequencies : (n,)
        Hz.

    Returns
    -------
    (n,) dB
    """
    return 20 * np.log10(_response(name, np.asarray(frequencies, float)) / _response(name, np.array([1000.0])))


def _response(name: str, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    first, second, third, fourth = POLES_HZ
    square = frequencies**2
    if name == "Z":
        return np.ones_like(square)
    response = square / ((square + first**2) * (square + fourth**2))
    if name == "A":
        response *= square / np.sqrt((square + second**2) * (square + third**2))
    return response
