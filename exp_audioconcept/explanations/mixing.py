"""Some of a sound's components at a time, as a model is asked about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd
    from exp_audioconcept.classifiers.learned import GenreModel, SeeingModel
    from exp_audioconcept.explanations.components import Components

    Decide = Callable[[NDArray[np.bool_]], NDArray[np.float64]]

__all__ = ["Mixer", "decide_mixes", "padded"]

FRAMES_AT_ONCE = 128
"""Of all components: they stay in a CPU's cache while they are mixed."""


class Mixer:
    """Mel spectrograms of sums of sounds, of one STFT of each.

    Parameters
    ----------
    front_end
    sounds : (n, n_samples)
    """

    def __init__(self, front_end: MelFrontEnd, sounds: NDArray[np.float32]) -> None:
        self._front_end = front_end
        spectra = torch.view_as_real(front_end.spectrum(torch.from_numpy(np.ascontiguousarray(sounds))))
        self._blocks = [block.contiguous() for block in spectra.split(FRAMES_AT_ONCE, dim=1)]

    def __call__(self, masks: NDArray[np.bool_]) -> torch.Tensor:
        """Of the sums of those that are on, (m, n) → (m, n_frames, n_mels)."""
        on = torch.from_numpy(masks.astype(np.float32))
        mixed = [torch.view_as_complex(torch.tensordot(on, block, dims=1)) for block in self._blocks]
        return torch.cat([self._front_end.of_spectrum(spectrum) for spectrum in mixed], dim=1)


def decide_mixes(model: GenreModel | SeeingModel, components: Components) -> Decide:
    """What tells decision values of sums of components, (m, n_components) → (m, n_genres)."""
    if model.kind == "SVM":
        return lambda masks: model.decide(padded(components.mixed(masks), model.length))
    mixer = Mixer(model.front_end, padded(components.sounds, model.length))

    def decide(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
        with torch.inference_mode():
            return model.classify(mixer(masks).transpose(1, 2)).double().numpy()

    return decide


def padded(sounds: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Sounds that may be shorter than a model hears, with silence after them, (n, n_samples) → (n, length)."""
    return np.pad(sounds, ((0, 0), (0, length - sounds.shape[1])))
