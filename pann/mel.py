"""Log-Mel front end of PANN (Kong et al., 2020): 64 bands, 50 Hz to 14 kHz, 10 ms hop, dB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from audiokit.sound.mel import MelFrontEnd, slaney_filterbank

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FRONT_END", "PannMel"]

FMIN = 50.0
FMAX = 14000.0
FLOOR = 1e-10
"""Mel power of silence: −100 dB."""


class PannMel(MelFrontEnd):
    """10 log10 of Mel power; one second gives 101 frames."""

    name = "PANN"
    sample_rate = 32000
    n_fft = 1024
    win_length = 1024
    hop_length = 320
    n_mels = 64
    exponent = 2
    chunk_frames = 101
    unit = "Mel power (dB)"

    def filterbank(self, *, sample_rate: int, n_fft: int) -> NDArray[np.float32]:
        """Slaney scale and area norm, 50 Hz to 14 kHz."""
        return slaney_filterbank(sample_rate=sample_rate, n_fft=n_fft, n_mels=self.n_mels, fmin=FMIN, fmax=FMAX)

    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Power to dB."""
        return mel.clamp(min=FLOOR).log10().mul(10)

    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Convert dB to power."""
        return torch.pow(10, log_mel / 10)


FRONT_END = PannMel()
