"""How many multiplications (and as many additions) a network takes for a second of sound."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn

from spectral_transcoder.pinv import Pinv

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["count_multiplications"]

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d)
"""What else there is (activations, normalisations, transforms) multiplies each number once or twice."""


@torch.inference_mode()
def count_multiplications(network: nn.Module, second: torch.Tensor) -> int:
    """Multiplications of `LAYERS` and of PINV's matrices, for one second.

    Parameters
    ----------
    second : (1, ...)
        what the network takes.
    """
    with _counting(network) as counts:
        network(second)
    return sum(counts)


@contextmanager
def _counting(network: nn.Module) -> Iterator[list[int]]:
    """Give a list that each layer adds its multiplications to when it is used."""
    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        counts.append(_of_pinv(inputs[0], output) if isinstance(layer, Pinv) else _of_layer(layer, output))

    counted = [layer for layer in network.modules() if isinstance(layer, (*LAYERS, Pinv))]
    hooks = [layer.register_forward_hook(count) for layer in counted]
    try:
        yield counts
    finally:
        for hook in hooks:
            hook.remove()


def _of_layer(layer: nn.Module, output: torch.Tensor) -> int:
    """Of each number of the output, as many as one output unit or channel has weights."""
    return output.numel() * layer.weight[0].numel()


def _of_pinv(levels: torch.Tensor, mel: torch.Tensor) -> int:
    """Of band powers to Mel bands in each third-octave frame, then of these frames to those of the Mel spectrogram."""
    (*_, n_levels, n_bands), (*_, n_frames, n_mels) = levels.shape, mel.shape
    return n_levels * n_bands * n_mels + n_frames * n_levels * n_mels
