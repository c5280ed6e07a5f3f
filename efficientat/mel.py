"""Log-Mel front end of EfficientAT (Schmid et al., 2023): 128 bands, 0 to 15 kHz, 10 ms hop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.sound.mel import MelFrontEnd, triangles

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EfficientatMel"]

PRE_EMPHASIS = 0.97
LOG_OFFSET = 1e-5
FMIN = 0.0
FMAX = 15000.0
"""Hz; not half the sample rate: the mean of what the networks saw in training."""


class EfficientatMel(MelFrontEnd):
    """(ln(Mel power + 1e-5) + 4.5) / 5 after pre-emphasis; one second gives 100 frames.

    The networks come with 128 bands and a hop of 320 samples, and in variants with others.
    """

    name = "EfficientAT"
    sample_rate = 32000
    n_fft = 1024
    win_length = 800
    exponent = 2
    unit = "(ln(Mel power) + 4.5) / 5"

    def __init__(self, *, n_mels: int = 128, hop_length: int = 320) -> None:
        self.n_mels = n_mels
        self.hop_length = hop_length
        self.chunk_frames = self.n_frames(self.sample_rate)

    def filterbank(self, *, sample_rate: int, n_fft: int) -> NDArray[np.float32]:
        """Kaldi's bank: triangles that are linear in Mel, peak at most 1."""
        edges = np.linspace(_hz_to_mel(FMIN), _hz_to_mel(FMAX), self.n_mels + 2)
        return triangles(_hz_to_mel(np.fft.rfftfreq(n_fft, 1 / sample_rate)), edges).astype(np.float32)

    def window(self) -> torch.Tensor:
        """Symmetric Hann window."""
        return torch.hann_window(self.win_length, periodic=False, dtype=torch.float64)

    def prepare(self, waveform: torch.Tensor) -> torch.Tensor:
        """Pre-emphasis that looks one sample ahead, so that one sample is lost."""
        return waveform[..., 1:] - PRE_EMPHASIS * waveform[..., :-1]

    def response(self, n_fft: int) -> torch.Tensor:
        """Gain of the pre-emphasis, |1 − 0.97 exp(−jω)|."""
        frequency = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * (2 * torch.pi / n_fft)
        return (1 + PRE_EMPHASIS**2 - 2 * PRE_EMPHASIS * frequency.cos()).sqrt()

    @property
    def min_samples(self) -> int:
        """One more than the STFT needs, for the pre-emphasis."""
        return self.n_fft // 2 + 2

    def n_frames(self, n_samples: int) -> int:
        """Frames that a number of samples gives: 100 for a second, 101 for a second and one sample."""
        return 1 + (n_samples - 1) // self.hop_length

    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Power to scaled natural log; silence gives −1.4026."""
        return mel.add(LOG_OFFSET).log().add(4.5).div(5)

    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Scaled natural log to power."""
        return log_mel.mul(5).sub(4.5).exp().sub(LOG_OFFSET).clamp(min=0)


def _hz_to_mel(frequency: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127 * np.log1p(np.asarray(frequency) / 700)
