"""The original's VGGish: VGG-16 with batch normalisation on a resized spectrogram. It is not Google's VGGish."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from exp_audioconcept.networks.genre_network import GenreNetwork

__all__ = ["VGGish"]

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Channels of the convolutions before each pool (Simonyan and Zisserman, "Very deep convolutional networks", 2014)."""

SIDE = 224
"""Of the image that any spectrogram is stretched to, cells."""
LEFT = SIDE // 2 ** len(STAGES)
N_HIDDEN = 4096
DROPOUT = 0.5


class VGGish(GenreNetwork):
    """134 308 812 parameters for ten genres."""

    frames = range(2, 2**31)

    def __init__(self, n_genres: int, *, adaptive: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = 1
        for stage in STAGES:
            for n_out in stage:
                layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU()]
                n_in = n_out
            layers.append(nn.MaxPool2d(2))
        self.conv_layers = nn.Sequential(*layers)
        self.fcs = nn.Sequential(
            nn.Linear(n_in * LEFT * LEFT, N_HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT),
            nn.Linear(N_HIDDEN, N_HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT),
            nn.Linear(N_HIDDEN, n_genres),
        )  # fmt: skip

    def decide(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 1, 128, n_frames), normalised → (batch, n_genres) logits."""
        square = functional.interpolate(image, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        return self.fcs(self.conv_layers(square).flatten(1))
