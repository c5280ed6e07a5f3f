"""How near scores and Mel spectrograms are to the teacher's, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.training import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Figure", "figures", "measures_of_recordings", "measures_of_seconds"]

N_HIGHEST = 5
N_RESAMPLED = 2000
CONFIDENCE = 95
"""Percent of the figures of other recordings that the interval holds."""


@dataclass(frozen=True)
class Figure:
    """A mean over recordings or over seconds."""

    value: float
    low: float
    high: float


def measures_of_recordings(expected: NDArray, scores: NDArray, mel_mse: NDArray, files: NDArray) -> dict[str, NDArray]:
    """Values per recording.

    Parameters
    ----------
    expected, scores : (n_seconds, n_labels)
        by the teacher itself and by the model.
    mel_mse : (n_seconds,)
    files : (n_seconds,)
        number of the recording.

    Returns
    -------
    dict of str to (n_recordings,)
    """
    wanted, given = metrics.mean_by_file(expected, files), metrics.mean_by_file(scores, files)
    return {
        "same top class (%)": 100.0 * metrics.same_top_class(expected, scores, files),
        "among our five (%)": 100.0 * (highest(given) == wanted.argmax(axis=1)[:, None]).any(axis=1),
        "five in common (%)": 100.0 * in_common(highest(wanted), highest(given)),
        "BCE": metrics.logit_bce(expected, scores, files),
        "KL": metrics.logit_kl(expected, scores, files),
        "Mel MSE": metrics.mean_by_file(mel_mse, files),
    }


def measures_of_seconds(expected: NDArray, scores: NDArray, mel_mse: NDArray, files: NDArray) -> dict[str, NDArray]:
    """Values per second, of which each recording gets the mean: parameters and result as above."""
    seconds = np.arange(len(files))
    values = {
        "same top class (%)": 100.0 * metrics.same_top_class(expected, scores, seconds),
        "BCE": metrics.logit_bce(expected, scores, seconds),
        "KL": metrics.logit_kl(expected, scores, seconds),
        "Mel MSE": mel_mse,
    }
    return {title: metrics.mean_by_file(value, files) for title, value in values.items()}


def highest(scores: NDArray) -> NDArray[np.integer]:
    """Labels with the highest scores, (n, n_labels) → (n, 5)."""
    return np.argsort(-scores, axis=1)[:, :N_HIGHEST]


def in_common(labels: NDArray[np.integer], others: NDArray[np.integer]) -> NDArray[np.floating]:
    """Share of the labels of each row that are among the others of that row, (n,)."""
    return (labels[:, :, None] == others[:, None]).any(axis=2).mean(axis=1)


def figures(values: Mapping[str, NDArray], weights: NDArray) -> dict[str, Figure]:
    """Means, and the intervals that those of as many recordings drawn anew would lie in (bootstrap).

    Parameters
    ----------
    values : (n_recordings,) each
    weights : (n_recordings,)
        1 for means over recordings; where values are means over the seconds of a recording, as many as there are.
    """
    table = np.stack(list(values.values()), axis=1).astype(np.float64)
    generator = np.random.default_rng(0)
    drawn = (generator.integers(len(table), size=len(table)) for _ in range(N_RESAMPLED))
    means = [np.average(table[rows], axis=0, weights=weights[rows]) for rows in drawn]
    outside = (100 - CONFIDENCE) / 2
    bounds = np.percentile(means, (outside, 100 - outside), axis=0)
    columns = zip(np.average(table, axis=0, weights=weights), *bounds, strict=True)
    return {title: Figure(*map(float, column)) for title, column in zip(values, columns, strict=True)}
