"""The blocks of SampleCNN, under the original's layer names: each ends in a pooling of three samples into one.

The pooling comes before the last ReLU, not after it as in the original: the largest sample is the same one, and a third
of the work is left.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from audiokit.errors import UserError
from exp_samplecnn.networks.layers import Convolution, normalisation, pooled

__all__ = ["BLOCKS", "PlainBlock", "ResidualBlock", "create_block"]

BLOCKS = ("basic", "se", "res1", "res2", "rese1", "rese2")
INNER_DROPOUT = 0.2


def create_block(name: str, n_in: int, n_out: int, *, amplifying_ratio: float = 0.125) -> nn.Module:
    """A block by its name, one of `BLOCKS`: (batch, n_in, 1, n_samples) → (batch, n_out, 1, n_samples // 3)."""
    if name not in BLOCKS:
        raise ValueError(f"unknown block {name!r}: choose one of {', '.join(BLOCKS)}")
    ratio = amplifying_ratio if "se" in name else None
    if name in ("basic", "se"):
        return PlainBlock(n_in, n_out, ratio)
    return ResidualBlock(n_in, n_out, ratio, n_convolutions=int(name[-1]))


class Excited(nn.Module):
    """What blocks with and without squeeze and excitation (Hu et al., 2018) share; `ratio` None is without."""

    def __init__(self, n_channels: int, ratio: float | None) -> None:
        super().__init__()
        self.excited = ratio is not None
        if ratio is not None:
            n_hidden = int(n_channels * ratio)
            if n_hidden == 0:
                raise UserError(
                    f"an amplifying ratio of {ratio} leaves the excitation no channel of {n_channels}: use "
                    f"{1 / n_channels} or more"
                )
            self.ex0 = nn.Linear(n_channels, n_hidden)
            self.ex1 = nn.Linear(n_hidden, n_channels)

    def excitation(self, sound: torch.Tensor) -> torch.Tensor:
        """(batch, n_channels, 1, n_samples) → (batch, n_channels), from 0 to 1."""
        return torch.sigmoid(self.ex1(functional.relu(self.ex0(sound.mean(dim=(2, 3))))))

    def excite(self, sound: torch.Tensor) -> torch.Tensor:
        """Channels times their excitation; as they are without."""
        return sound * self.excitation(sound)[:, :, None, None] if self.excited else sound


class PlainBlock(Excited):
    """`basic` and `se`; the excitation is that of the pooled sound."""

    def __init__(self, n_in: int, n_out: int, ratio: float | None) -> None:
        super().__init__(n_out, ratio)
        self.conv = Convolution(n_in, n_out)
        self.norm = normalisation(n_out)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        """(batch, n_in, 1, n_samples) → (batch, n_out, 1, n_samples // 3)."""
        return self.excite(functional.relu(pooled(self.norm(self.conv(sound)))))


class ResidualBlock(Excited):
    """`res1`, `res2`, `rese1`, `rese2`; the excitation is that of the main path before the shortcut is added."""

    def __init__(self, n_in: int, n_out: int, ratio: float | None, *, n_convolutions: int) -> None:
        super().__init__(n_out, ratio)
        self.conv0 = Convolution(n_in, n_out)
        self.norm0 = normalisation(n_out)
        self.deep = n_convolutions == 2
        if self.deep:
            self.drop0 = nn.Dropout(INNER_DROPOUT)
            self.conv1 = Convolution(n_out, n_out)
            self.norm1 = normalisation(n_out)
        self.widens = n_in != n_out
        if self.widens:
            self.scut_conv = Convolution(n_in, n_out, 1)
            self.scut_norm = normalisation(n_out)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        """(batch, n_in, 1, n_samples) → (batch, n_out, 1, n_samples // 3)."""
        main = self.norm0(self.conv0(sound))
        if self.deep:
            main = self.norm1(self.conv1(self.drop0(functional.relu(main))))
        shortcut = self.scut_norm(self.scut_conv(sound)) if self.widens else sound
        return functional.relu(pooled(self.excite(main) + shortcut))
