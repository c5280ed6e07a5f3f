"""The original's second CNN, which none of its commands can reach: four wide convolutions for short sounds."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from exp_audioconcept.networks.genre_network import GenreNetwork

__all__ = ["CNN2"]

LAYERS = ((64, 2), (128, 2), (256, 4), (512, 4))
"""Channels, and pool over bands and frames."""
LEFT = 2
"""Bands and frames after the pools."""
FRAMES = range(128, 192)
SHORTEST_POOLED = 128


class CNN2(GenreNetwork):
    """Logits, where the original ends in a softmax under a loss that takes another one.

    Parameters
    ----------
    adaptive
        two frames are pooled from whatever is left, so that longer sounds than 4.4 s can be heard.
    """

    def __init__(self, n_genres: int, *, adaptive: bool = False) -> None:
        super().__init__()
        self.frames = range(SHORTEST_POOLED, 2**31) if adaptive else FRAMES
        layers: list[nn.Module] = []
        n_in = 1
        for n_out, pool in LAYERS:
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(), nn.MaxPool2d(pool)]
            n_in = n_out
        if adaptive:
            layers[-1] = nn.AdaptiveMaxPool2d(LEFT)
        self.conv_layers = nn.Sequential(*layers)
        widths = (n_in * LEFT * LEFT, 1024, 256)
        dense = [part for size in pairwise(widths) for part in (nn.Linear(*size), nn.ReLU())]
        self.fcs = nn.Sequential(*dense, nn.Linear(widths[-1], n_genres))

    def decide(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 1, 128, n_frames), normalised → (batch, n_genres) logits."""
        return self.fcs(self.conv_layers(image).flatten(1))
