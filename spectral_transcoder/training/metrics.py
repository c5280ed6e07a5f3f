"""How near a transcoder comes to its teacher, per recording.

All functions take what was computed per chunk (one second), and `files`, the number of the recording that each
chunk belongs to, (n_chunks,) integers from 0 without gaps; they give one value a recording, in that order. Formulas:
Tailleur et al., DCASE 2023, and the authors' code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.labels.groups import group_means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.floating]
    Files = NDArray[np.integer]

__all__ = [
    "file_numbers",
    "logit_bce",
    "logit_cos",
    "logit_kl",
    "logit_mse",
    "mean_by_file",
    "same_top_class",
    "score_metrics",
    "top_class",
    "weighted_ptopafc",
]

SMALLEST_LOGARITHM = -100.0
"""As in torch's BCELoss."""

KL_OFFSET = 1e-10


def file_numbers(chunk_names: Sequence[str]) -> Files:
    """Number of the recording of each chunk, from names such as `street_7`; chunks of a recording are neighbours."""
    recordings = [name.rsplit("_", 1)[0] for name in chunk_names]
    starts = [index == 0 or recordings[index - 1] != name for index, name in enumerate(recordings)]
    return np.cumsum(starts) - 1


def mean_by_file(values: Values, files: Files) -> NDArray[np.float64]:
    """Mean over the chunks of each recording, (n_chunks, …) → (n_files, …)."""
    return group_means(values, files)


def logit_bce(teacher: Values, model: Values, files: Files) -> NDArray[np.float64]:
    """Binary cross-entropy of the model's scores with the teacher's as targets, (n_chunks, n_labels) each."""
    with np.errstate(divide="ignore"):
        present = np.maximum(np.log(model.astype(np.float64)), SMALLEST_LOGARITHM)
        absent = np.maximum(np.log1p(-model.astype(np.float64)), SMALLEST_LOGARITHM)
    return mean_by_file(-(teacher * present + (1 - teacher) * absent).mean(axis=1), files)


def logit_kl(teacher: Values, model: Values, files: Files) -> NDArray[np.float64]:
    """Kullback-Leibler divergence of the recording's mean scores.

    As published: the scores are not normalised to a distribution, and the sum is divided by the number of labels.
    """
    teacher_mean = mean_by_file(teacher, files) + KL_OFFSET
    model_mean = mean_by_file(model, files) + KL_OFFSET
    return (teacher_mean * (np.log(teacher_mean) - np.log(model_mean))).mean(axis=1)


def logit_mse(teacher: Values, model: Values, files: Files) -> NDArray[np.float64]:
    """Mean squared difference of the scores."""
    return mean_by_file(np.square(teacher - model).mean(axis=1), files)


def logit_cos(teacher: Values, model: Values, files: Files) -> NDArray[np.float64]:
    """Cosine similarity of the scores, the mean over chunks."""
    norms = np.linalg.norm(teacher, axis=1) * np.linalg.norm(model, axis=1)
    return mean_by_file((teacher * model).sum(axis=1) / np.maximum(norms, 1e-8), files)


def top_class(scores: Values, files: Files) -> NDArray[np.integer]:
    """Label with the highest mean score of each recording, (n_files,)."""
    return mean_by_file(scores, files).argmax(axis=1)


def same_top_class(teacher: Values, model: Values, files: Files) -> NDArray[np.bool_]:
    """Whether teacher and model agree on the top label; the mean, in percent, is the paper's `ptopafc`."""
    return top_class(teacher, files) == top_class(model, files)


def weighted_ptopafc(teacher: Values, model: Values, files: Files) -> float:
    """`ptopafc` in percent with each of the teacher's top labels counting the same."""
    wanted = top_class(teacher, files)
    agree = wanted == top_class(model, files)
    return 100 * float(np.mean([agree[wanted == label].mean() for label in np.unique(wanted)]))


def score_metrics(teacher: NDArray, model: NDArray, files: NDArray) -> dict[str, NDArray]:
    """Metrics of scores by name, one value a recording or one in all; arguments as those of `logit_bce`."""
    return {
        "logit_bce": logit_bce(teacher, model, files),
        "logit_kl": logit_kl(teacher, model, files),
        "logit_mse": logit_mse(teacher, model, files),
        "logit_cos": logit_cos(teacher, model, files),
        "labels": top_class(model, files),
        "ptopafc_weighted": np.array(weighted_ptopafc(teacher, model, files)),
        "ptopafc": np.array(100 * same_top_class(teacher, model, files).mean()),
    }
