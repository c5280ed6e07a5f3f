"""Where in its Mel spectrogram a network finds a genre, by captum: integrated gradients, and what occlusion takes."""

from __future__ import annotations

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
N_STEPS = 32
"""Of the integral; it is told how far the sum is from what it should be."""
AT_ONCE = 2
"""Spectrograms that a network sees together: more do not stay in a CPU's cache."""


def integrated_gradients(
    decide: Decide, mel: torch.Tensor, spectrum: torch.Tensor, genre: int
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

    Returns
    -------
    (n_bands, n_frames), float
        parts that sum up to the difference of the two logits; how far they do not.
    """
    IntegratedGradients = _captum("IntegratedGradients")
    start = spectrum[:, None].expand_as(mel)[None]
    found, error = IntegratedGradients(decide).attribute(
        mel[None], start, target=genre, n_steps=N_STEPS, internal_batch_size=AT_ONCE, return_convergence_delta=True
    )
    return found[0].double().numpy(), float(error.abs().max())


def occlusion(decide: Decide, mel: torch.Tensor, spectrum: torch.Tensor, genre: int, grid: Grid) -> NDArray[np.float64]:
    """By how much a genre's logit falls when a cell is as in the mean of all songs, spread over the cell.

    M. D. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV, 2014. Parameters as those of
    `integrated_gradients`.

    Returns
    -------
    (n_bands, n_frames)
    """
    Occlusion = _captum("Occlusion")
    start = spectrum[:, None].expand_as(mel)[None]
    with torch.no_grad():
        found = Occlusion(decide).attribute(
            mel[None],
            sliding_window_shapes=grid.cell,
            strides=grid.cell,
            baselines=start,
            target=genre,
            perturbations_per_eval=AT_ONCE,
        )
    return grid.spread(found[0].numpy())


def _captum(name: str) -> type:
    try:
        from captum import attr
    except ImportError as error:
        raise UserError(f"explanations of networks need captum: {REMEDY}") from error
    return getattr(attr, name)
