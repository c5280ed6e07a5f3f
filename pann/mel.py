"""Log-Mel front end of PANN (Kong et al., 2020): 64 bands, 50 Hz to 14 kHz, 10 ms hop, dB."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectral_transcoder.mel import MelFrontEnd, triangles

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FRONT_END", "PannMel"]

FMIN = 50.0
FMAX = 14000.0
HZ_PER_MEL = 200 / 3
CORNER_HZ = 1000.0
CORNER_MEL = CORNER_HZ / HZ_PER_MEL
LOG_STEP = math.log(6.4) / 27
"""Slaney's Mel scale (Auditory Toolbox, 1998): linear up to 1 kHz, logarithmic above."""

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
        """Slaney scale and area norm, 50 Hz to 14 kHz: `librosa.filters.mel` to the bit, without its slow import."""
        edges = _mel_to_hz(np.linspace(_hz_to_mel(FMIN), _hz_to_mel(FMAX), self.n_mels + 2))
        bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
        area_norm = 2 / (edges[2:] - edges[:-2])
        return (triangles(bins, edges).astype(np.float32) * area_norm).astype(np.float32)

    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Power to dB."""
        return mel.clamp(min=FLOOR).log10().mul(10)

    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Convert dB to power."""
        return torch.pow(10, log_mel / 10)


def _hz_to_mel(frequency: float) -> float:
    """Slaney's scale above its linear part."""
    return frequency / HZ_PER_MEL if frequency < CORNER_HZ else CORNER_MEL + math.log(frequency / CORNER_HZ) / LOG_STEP


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < CORNER_MEL, mel * HZ_PER_MEL, CORNER_HZ * np.exp(LOG_STEP * (mel - CORNER_MEL)))


FRONT_END = PannMel()
