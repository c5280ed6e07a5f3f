"""Where in its Mel spectrogram a network finds a genre, by captum: integrated gradients, and what occlusion takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from exp_audioconcept.explanations.grid import Grid

    Decide = Callable[[torch.Tensor], torch.Tensor]

__all__ = ["REMEDY", "integrated_gradients", "occlusion"]

REMEDY = "pip install captum shap"
OCCLUDED = (2, 3)
"""Cells, of bands and of frames, that are covered at once."""
AT_ONCE = 2
"""Spectrograms that a network sees together: more do not stay in a CPU's cache, and with gradients one."""


def integrated_gradients(
    decide: Decide, mel: torch.Tensor, spectrum: torch.Tensor, genre: int, *, steps: int
) -> tuple[NDArray[np.float64], float]:
    """What each cell of a spectrogram adds to a genre's logit, on the way from the mean spectrum of all songs.

    M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", ICML, 2017.

    Parameters
    ----------
    decide
        (n, n_bands, n_frames) → (n, n_genres) logits.
    mel : (n_bands, n_frames)
    spectrum : (n_bands,)
    genre
        number.
    steps
        of the integral.

    Returns
    -------
    (n_bands, n_frames), float
        parts that sum up to the difference of the two logits; how far they do not.
    """
    IntegratedGradients = _captum("IntegratedGradients")
    start = spectrum[:, None].expand_as(mel)[None]
    found, error = IntegratedGradients(decide).attribute(
        mel[None], start, target=genre, n_steps=steps, internal_batch_size=1, return_convergence_delta=True
    )
    return found[0].double().numpy(), float(error.abs().max())


def occlusion(decide: Decide, mel: torch.Tensor, spectrum: torch.Tensor, genre: int, grid: Grid) -> NDArray[np.float64]:
    """By how much a genre's logit falls when some cells are as in the mean of all songs, spread over them.

    The window moves on cell by cell, and each cell has the mean of the windows that cover it: without a single cell a
    logit hardly moves, and not in the order in which cells matter together. M. D. Zeiler, R. Fergus, "Visualizing and
    understanding convolutional networks", ECCV, 2014. Parameters as those of `integrated_gradients`.

    Returns
    -------
    (n_bands, n_frames)
    """
    Occlusion = _captum("Occlusion")
    start = spectrum[:, None].expand_as(mel)[None]
    window = tuple(min(n * size, whole) for n, size, whole in zip(OCCLUDED, grid.cell, mel.shape, strict=True))
    with torch.no_grad():
        found = Occlusion(decide).attribute(
            mel[None],
            sliding_window_shapes=window,
            strides=grid.cell,
            baselines=start,
            target=genre,
            perturbations_per_eval=AT_ONCE,
        )
    return found[0].double().numpy() / math.prod(window)


def _captum(name: str) -> type:
    try:
        from captum import attr
    except ImportError as error:
        raise UserError(f"explanations of networks need captum: {REMEDY}") from error
    return getattr(attr, name)
