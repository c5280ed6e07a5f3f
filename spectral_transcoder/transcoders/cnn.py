"""The convolutional correction of PINV, the paper's proposal (Tailleur et al., DCASE 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from spectral_transcoder.pinv import Pinv

if TYPE_CHECKING:
    from audiokit.sound.mel import MelFrontEnd

__all__ = ["CNNPinv"]

TIME_TAPS = 3
N_PRECISE = 3
"""Modules of the first layer, in single precision whatever the rest is in: what it sees spans tens of dB."""


class CNNPinv(nn.Module):
    """PINV minus what a stack of convolutions makes of it.

    Parameters
    ----------
    front_end
        of the teacher that the Mel spectrogram is for.
    kernel_size
        taps along Mel frequency, odd; there are three along time.
    dilation
        along Mel frequency, in all layers but the first and the last; 0 and 1 are the same.
    n_layers
        convolutions; two are the least, so that 1 builds two as well.
    n_channels
        between the layers.
    """

    def __init__(
        self,
        front_end: MelFrontEnd,
        *,
        kernel_size: int = 5,
        dilation: int = 1,
        n_layers: int = 5,
        n_channels: int = 64,
    ) -> None:
        super().__init__()
        self.pinv = Pinv(front_end)
        layers = [*_layer(1, n_channels, kernel_size), nn.ReLU()]
        for _ in range(n_layers - 2):
            layers += [*_layer(n_channels, n_channels, kernel_size, max(dilation, 1)), nn.ReLU()]
        layers += _layer(n_channels, 1, kernel_size)
        self.mod_conv = nn.Sequential(*layers)

    def forward(self, third_octave: torch.Tensor) -> torch.Tensor:
        """(batch, n_third_octave_frames, 29) levels in dB → (batch, chunk_frames, n_mels)."""
        mel = self.pinv(third_octave)
        with torch.autocast(mel.device.type, enabled=False):
            features = self.mod_conv[:N_PRECISE](mel.unsqueeze(1))
        return mel - self.mod_conv[N_PRECISE:](features).squeeze(1)


def _layer(n_in: int, n_out: int, kernel_size: int, dilation: int = 1) -> list[nn.Module]:
    """Convolution over (time, Mel) that keeps the size, with repeated edges."""
    side = dilation * (kernel_size - 1) // 2
    return [
        nn.ReplicationPad2d((side, side, 1, 1)),
        nn.Conv2d(n_in, n_out, (TIME_TAPS, kernel_size), dilation=(1, dilation)),
    ]
