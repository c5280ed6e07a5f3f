"""Input of the Audio Spectrogram Transformer (Gong et al., Interspeech 2021): Kaldi's filter banks."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from audiokit.sound.mel import triangles

__all__ = ["KaldiFilterBanks"]

SAMPLE_RATE = 16000
FRAME, HOP, N_FFT = 400, 160, 512
N_MELS = 128
N_FRAMES = 1024
LOWEST_HZ = 20.0
PREEMPHASIS = 0.97
FLOOR = 1.192092955078125e-07
MEAN, DEVIATION = -4.2677393, 4.5689974
"""Of AudioSet, the network's own."""


class KaldiFilterBanks(nn.Module):
    """(batch, n_samples) at 16 kHz → (batch, 1024, 128), the frames that are missing being 0, those beyond cut off.

    The same as Hugging Face's `ASTFeatureExtractor` makes without torchaudio, for batches, without leaving the device.
    """

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, 1024, 128)."""
        frames = wave.unfold(1, FRAME, HOP)
        frames = frames - frames.mean(dim=2, keepdim=True)
        first = frames[..., :1] * (1 - PREEMPHASIS)
        emphasised = torch.cat([first, frames[..., 1:] - PREEMPHASIS * frames[..., :-1]], dim=2)
        window = torch.hann_window(FRAME, periodic=False, dtype=wave.dtype, device=wave.device)
        power = torch.fft.rfft(emphasised * window, N_FFT).abs().square()
        levels = (power @ _filters().to(power)).clamp(min=FLOOR).log()
        missing = N_FRAMES - levels.shape[1]
        levels = functional.pad(levels, (0, 0, 0, missing)) if missing > 0 else levels[:, :N_FRAMES]
        return (levels - MEAN) / (2 * DEVIATION)


@cache
def _filters() -> torch.Tensor:
    """Triangles on the Mel scale, (257, 128)."""
    edges = np.linspace(_mel(LOWEST_HZ), _mel(SAMPLE_RATE / 2), N_MELS + 2)
    bins = _mel(np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE))
    return torch.from_numpy(triangles(bins, edges))


def _mel(frequency: np.ndarray | float) -> np.ndarray:
    return 1127 * np.log(1 + np.asarray(frequency) / 700)
