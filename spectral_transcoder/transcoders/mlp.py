"""Multilayer perceptrons, alone and as a correction of PINV (Tailleur et al., DCASE 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from audiokit.sound.mel import MelFrontEnd

__all__ = ["MLP", "MLPPinv"]

CHUNK_FRAMES = 8
"""Third-octave frames in one second."""


class MLP(nn.Module):
    """Three linear layers from 8 × 29 levels straight to the Mel spectrogram.

    Parameters
    ----------
    front_end
        of the teacher that the Mel spectrogram is for.
    hidden_1, hidden_2
        widths of the hidden layers (`mlp_hl_1`, `mlp_hl_2` in settings files).
    n_inputs
        numbers that come in, 8 × 29 by default.
    """

    def __init__(
        self, front_end: MelFrontEnd, *, hidden_1: int, hidden_2: int, n_inputs: int = CHUNK_FRAMES * N_BANDS
    ) -> None:
        super().__init__()
        self.output_shape = (front_end.chunk_frames, front_end.n_mels)
        self.input_fc = nn.Linear(n_inputs, hidden_1)
        self.hidden_fc = nn.Linear(hidden_1, hidden_2)
        self.output_fc = nn.Linear(hidden_2, front_end.chunk_frames * front_end.n_mels)

    def inputs(self, third_octave: torch.Tensor) -> torch.Tensor:
        """Numbers for the first layer, (batch, n_inputs); fewer frames than eight are stretched, as PINV does it."""
        if third_octave.shape[1] != CHUNK_FRAMES:
            third_octave = functional.interpolate(third_octave.mT, size=CHUNK_FRAMES, mode="linear").mT
        return third_octave.flatten(1)

    def forward(self, third_octave: torch.Tensor) -> torch.Tensor:
        """(batch, n_third_octave_frames, 29) levels in dB → (batch, chunk_frames, n_mels)."""
        hidden = functional.relu(self.input_fc(self.inputs(third_octave)))
        hidden = functional.relu(self.hidden_fc(hidden))
        return self.output_fc(hidden).unflatten(1, self.output_shape)


class MLPPinv(MLP):
    """PINV minus what an MLP makes of it."""

    def __init__(self, front_end: MelFrontEnd, *, hidden_1: int, hidden_2: int) -> None:
        n_inputs = front_end.chunk_frames * front_end.n_mels
        super().__init__(front_end, hidden_1=hidden_1, hidden_2=hidden_2, n_inputs=n_inputs)
        self.pinv = Pinv(front_end)

    def forward(self, third_octave: torch.Tensor) -> torch.Tensor:
        """(batch, n_third_octave_frames, 29) levels in dB → (batch, chunk_frames, n_mels)."""
        mel = self.pinv(third_octave)
        return mel - super().forward(mel)

    def inputs(self, mel: torch.Tensor) -> torch.Tensor:
        """Numbers for the first layer, (batch, n_inputs)."""
        return mel.flatten(1)
