"""Log-Mel front end of YAMNet, in the centred form of its PyTorch port: 64 bands, 125 to 7500 Hz, 10 ms hop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from audiokit.sound.mel import MelFrontEnd, triangles

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FRONT_END", "PATCH_FRAMES", "PATCH_HOP_FRAMES", "YamnetMel", "patches"]

LOG_OFFSET = 0.001
FMIN = 125.0
FMAX = 7500.0

PATCH_FRAMES = 96
"""Frames that the network sees at once (0.96 s)."""

PATCH_HOP_FRAMES = 100
"""From one patch to the next: one second, so that patches and third-octave chunks keep step."""


class YamnetMel(MelFrontEnd):
    """ln(Mel magnitude + 0.001).

    Frames are centred as in the port, 12.5 ms later than in Google's own front end.
    """

    name = "YamNet"
    sample_rate = 16000
    n_fft = 512
    win_length = 400
    hop_length = 160
    n_mels = 64
    exponent = 1
    chunk_frames = PATCH_FRAMES
    unit = "ln(Mel magnitude + 0.001)"

    def filterbank(self, *, sample_rate: int, n_fft: int) -> NDArray[np.float32]:
        """HTK scale, no norm, 125 to 7500 Hz, rounded as the port rounds it.

        `librosa.filters.mel(htk=True, norm=None)` is the same bank in float64. The port's edges are float32, which
        moves weights by up to 6e-6, and log-Mels by as much as the golden tolerance of 2e-5.
        """
        mels = torch.linspace(_hz_to_mel(FMIN), _hz_to_mel(FMAX), self.n_mels + 2)
        edges = 700 * (10 ** (mels / 2595) - 1)
        bins = torch.linspace(0, sample_rate // 2, n_fft // 2 + 1)
        return triangles(bins.numpy(), edges.numpy())

    def window(self) -> torch.Tensor:
        """Periodic Hann window, rounded as the port rounds it."""
        return torch.hann_window(self.win_length, periodic=True, dtype=torch.float32)

    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Magnitude to natural log."""
        return mel.add(LOG_OFFSET).log()

    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Natural log to magnitude."""
        return log_mel.exp().sub(LOG_OFFSET).clamp(min=0)


def patches(log_mel: torch.Tensor) -> torch.Tensor:
    """Cut a log-Mel spectrogram into the patches that the network sees.

    Parameters
    ----------
    log_mel : (..., n_frames, 64)

    Returns
    -------
    (..., n_patches, 96, 64)
        a patch every 100 frames; no padding, so that what is left over is dropped and less than 96 frames (0.95 s of
        sound) give no patch.
    """
    if log_mel.shape[-2] < PATCH_FRAMES:
        return log_mel.new_empty((*log_mel.shape[:-2], 0, PATCH_FRAMES, log_mel.shape[-1]))
    return log_mel.unfold(-2, PATCH_FRAMES, PATCH_HOP_FRAMES).transpose(-1, -2)


def _hz_to_mel(frequency: float) -> float:
    return 2595 * math.log10(1 + frequency / 700)


FRONT_END = YamnetMel()
