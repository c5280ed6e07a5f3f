"""The original's CNN: five convolutions with tall and wide pools, and two dense layers."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from exp_audioconcept.networks.genre_network import GenreNetwork

__all__ = ["CNN"]

LAYERS = ((16, (2, 3)), (16, (3, 4)), (32, (2, 5)), (32, (3, 3)), (64, (3, 4)))
"""Channels, and pool over bands and frames."""

FRAMES = range(720, 1440)
"""That five pools leave one of; 16.7 to 33.4 s."""
SHORTEST_POOLED = 180
"""Frames that four pools leave one of; 4.2 s."""

DROPOUT, DENSE_DROPOUT = 0.1, 0.5


class Block(nn.Module):
    """Convolution, batch normalisation, ReLU, largest value of each pool, dropout."""

    def __init__(self, n_in: int, n_out: int, pool: tuple[int, int] | None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.bn = nn.BatchNorm2d(n_out)
        self.pool = nn.MaxPool2d(pool) if pool else nn.AdaptiveMaxPool2d(1)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, n_in, bands, frames) → (batch, n_out, fewer, fewer)."""
        # The largest value is the same before ReLU and after, and six to twelve times fewer values are left.
        return self.dropout(functional.relu(self.pool(self.bn(self.conv(image)))))


class CNN(GenreNetwork):
    """40 124 parameters for ten genres.

    Parameters
    ----------
    adaptive
        the last pool takes all that is left, so that sounds of any length from 4.2 s up can be heard.
    """

    def __init__(self, n_genres: int, *, adaptive: bool = False) -> None:
        super().__init__()
        self.frames = range(SHORTEST_POOLED, 2**31) if adaptive else FRAMES
        n_in = 1
        for number, (n_out, pool) in enumerate(LAYERS, 1):
            is_last = number == len(LAYERS)
            self.add_module(f"layer{number}", Block(n_in, n_out, None if adaptive and is_last else pool))
            n_in = n_out
        self.dense1 = nn.Linear(n_in, n_in)
        self.dense_bn = nn.BatchNorm1d(n_in)
        self.dropout = nn.Dropout(DENSE_DROPOUT)
        self.dense2 = nn.Linear(n_in, n_genres)

    def decide(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 1, 128, n_frames), normalised → (batch, n_genres) logits."""
        for number in range(1, len(LAYERS) + 1):
            image = self.get_submodule(f"layer{number}")(image)
        hidden = functional.relu(self.dense_bn(self.dense1(image.flatten(1))))
        return self.dense2(self.dropout(hidden))
