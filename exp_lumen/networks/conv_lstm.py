"""Convolutions and a recurrent network, small enough to train anywhere."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["ConvLSTM"]

CHANNELS = (32, 64, 128)
HIDDEN = 64


class ConvLSTM(nn.Module):
    """(batch, 3, n_mels, n_frames), of which the first channel counts → (batch, n_frames / 8, 64).

    Three blocks of convolutions of 5 × 5, each of which leaves every second frame and every fourth band; then two
    layers of LSTM.
    """

    n_features = HIDDEN

    def __init__(self, *, n_mels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in, rows = 1, n_mels
        for n_out in CHANNELS:
            layers += [nn.Conv2d(n_in, n_out, 5, padding=2), nn.BatchNorm2d(n_out), nn.ReLU()]
            layers.append(nn.MaxPool2d(2, stride=(4, 2)))
            n_in, rows = n_out, (rows - 2) // 4 + 1
        self.blocks = nn.Sequential(*layers)
        self.recurrent = nn.LSTM(n_in * rows, HIDDEN, num_layers=2, batch_first=True)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 3, n_mels, n_frames) → (batch, n_moments, 64)."""
        maps = self.blocks(image[:, :1])
        return self.recurrent(maps.flatten(1, 2).transpose(1, 2))[0]
