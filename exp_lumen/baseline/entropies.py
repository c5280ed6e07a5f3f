"""How irregular a signal is: entropies and Hjorth's parameters, as they are used on brain waves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["hjorth", "permutation_entropy", "spectral_entropy", "svd_entropy"]

ORDER = 3
"""Samples that are looked at together."""


def permutation_entropy(signal: NDArray[np.floating]) -> float:
    """Entropy of the orders in which three samples in a row can rise, in [0, 1] (Bandt and Pompe, PRL 2002)."""
    ranks = np.argsort(_embedded(signal), axis=1, kind="stable")
    codes = ranks @ (ORDER ** np.arange(ORDER))
    return _entropy(np.unique(codes, return_counts=True)[1]) / math.log2(math.factorial(ORDER))


def spectral_entropy(signal: NDArray[np.floating], sample_rate: int) -> float:
    """Entropy of Welch's power spectrum, in [0, 1]: 0 for a line, 1 for white noise."""
    from scipy.signal import welch

    power = welch(signal, sample_rate, nperseg=min(len(signal), 1024))[1]
    return _entropy(power) / math.log2(len(power))


def svd_entropy(signal: NDArray[np.floating]) -> float:
    """Entropy of the singular values of three samples in a row, in [0, 1] (Roberts et al., MBEC 1999)."""
    embedded = _embedded(signal)
    values = np.sqrt(np.linalg.eigvalsh(embedded.T @ embedded).clip(min=0))
    return _entropy(values) / math.log2(ORDER)


def hjorth(signal: NDArray[np.floating]) -> tuple[float, float]:
    """Mobility and complexity (Hjorth 1970): mean frequency and its spread, in samples⁻¹; 0 for a constant signal."""
    first = np.diff(signal)
    second = np.diff(first)
    power, slope, curvature = (float(np.var(part, dtype=np.float64)) for part in (signal, first, second))
    if power == 0 or slope == 0:
        return 0.0, 0.0
    mobility = math.sqrt(slope / power)
    return mobility, math.sqrt(curvature / slope) / mobility


def _embedded(signal: NDArray[np.floating]) -> NDArray[np.float64]:
    """Three samples in a row, from each on, (n_samples - 2, 3)."""
    return np.lib.stride_tricks.sliding_window_view(np.asarray(signal, np.float64), ORDER)


def _entropy(weights: NDArray) -> float:
    """Shannon's, in bits, of shares that are proportional to weights."""
    total = weights.sum()
    if total <= 0:
        return 0.0
    shares = weights[weights > 0] / total
    return float(-(shares * np.log2(shares)).sum())
