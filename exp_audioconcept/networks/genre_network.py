"""What the networks share: the front end inside, and how much sound they hear at once."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn

from exp_audioconcept.networks.mel import FRONT_END

__all__ = ["GenreNetwork"]


class GenreNetwork(nn.Module, ABC):
    """(batch, n_samples) mono at 22050 Hz, full scale ±1 → (batch, n_genres) logits."""

    frames: range
    """Numbers of Mel frames that it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.input_bn = nn.BatchNorm2d(1)

    def mel(self, waveform: torch.Tensor) -> torch.Tensor:
        """What the network sees, (batch, n_samples) → (batch, 128, n_frames), dB."""
        return FRONT_END(waveform).transpose(-1, -2)

    def classify(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, 128, n_frames) dB → (batch, n_genres) logits."""
        return self.decide(self.input_bn(mel.unsqueeze(1)))

    @abstractmethod
    def decide(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 1, 128, n_frames), normalised → (batch, n_genres) logits."""

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """Sound to logits."""
        return self.classify(self.mel(waveform))
