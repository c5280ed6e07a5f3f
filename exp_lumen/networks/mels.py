"""Mel spectrograms at 16 kHz, with the original's numbers, and the images that networks for pictures take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from audiokit.sound.mel import MelFrontEnd, slaney_filterbank
from exp_lumen.networks.colours import coloured

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LINEAR_MEL", "LOG_MEL", "SAMPLE_RATE", "MelImage", "MfccImage", "MultiImage", "resize_rows"]

SAMPLE_RATE = 16000
N_FFT, HOP = 400, 160
N_MELS, N_MFCC = 128, 20
FLOOR = 1e-10
"""Power below which logarithms stop."""


class LumenMel(MelFrontEnd):
    """128 Slaney bands of power every 10 ms, as librosa makes them; silence beyond the edges."""

    name = "Lumen"
    sample_rate = SAMPLE_RATE
    n_fft = N_FFT
    win_length = N_FFT
    hop_length = HOP
    n_mels = N_MELS
    exponent = 2
    chunk_frames = 101
    unit = "dB"

    def filterbank(self, *, sample_rate: int, n_fft: int) -> NDArray[np.float32]:
        """Mel weights, (n_fft // 2 + 1, 128)."""
        return slaney_filterbank(sample_rate=sample_rate, n_fft=n_fft, n_mels=N_MELS, fmin=0, fmax=SAMPLE_RATE / 2)

    def extend(self, signal: torch.Tensor, width: int) -> torch.Tensor:
        """Continue with silence."""
        return functional.pad(signal, (width, width))

    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Power to dB."""
        return 10 * mel.clamp(min=FLOOR).log10()

    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """DB to power."""
        return 10 ** (log_mel / 10)


class LinearMel(LumenMel):
    """The original's: power as it is, very skewed."""

    name = "Lumen, linear"
    unit = "power"

    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Nothing."""
        return mel

    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Nothing."""
        return log_mel.clamp(min=0)


LOG_MEL, LINEAR_MEL = LumenMel(), LinearMel()

LOG_MEAN, LOG_DEVIATION = -21.7, 20.6
"""dB, of 220 mixtures of TimGM6mb at peak 1 (`make_instruments.py`)."""
LINEAR_MEAN, LINEAR_DEVIATION = 0.413, 2.582
MFCC_MEAN, MFCC_DEVIATION = -7.3612, 56.4464
MULTI_MEANS, MULTI_DEVIATIONS = (0.414, 1333.4, 0.46917), (2.5947, 551.86, 0.31212)
"""The original's, of IRMAS; the channels are Mel power, centroid in Hz, chroma."""


class Image(nn.Module):
    """Front end for pictures: (batch, n_samples) → (batch, 3, height, n_frames).

    Parameters
    ----------
    height
        rows, to which those that there are are repeated (nearest neighbour, as in the original).
    paper
        the original's linear Mel spectrograms.
    rgb
        one channel becomes three by colours; else it comes three times.
    """

    def __init__(self, *, height: int, paper: bool = False, rgb: bool = False) -> None:
        super().__init__()
        self.height = height
        self.paper = paper
        self.rgb = rgb
        self.augment: nn.Module | None = None
        """Of pictures, in training alone: (batch, rows, n_frames), the same."""

    def features(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, 1 or 3, rows, n_frames), of mean 0 and deviation 1 over usual sounds."""
        raise NotImplementedError

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, 3, height, n_frames)."""
        picture = resize_rows(self.features(wave), self.height)
        if self.augment and self.training:
            picture = self.augment(picture)
        return coloured(picture) if self.rgb else picture.expand(-1, 3, -1, -1)


class MelImage(Image):
    """Mel spectrogram, in dB or, with `paper`, linear."""

    def features(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, 1, 128, n_frames)."""
        if self.paper:
            mel = (LINEAR_MEL(wave) - LINEAR_MEAN) / LINEAR_DEVIATION
        else:
            mel = (LOG_MEL(wave) - LOG_MEAN) / LOG_DEVIATION
        return mel.transpose(1, 2).unsqueeze(1)


class MfccImage(Image):
    """Twenty Mel-frequency cepstral coefficients, as librosa makes them of 80 dB."""

    def features(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, 1, 20, n_frames)."""
        levels = LOG_MEL(wave)
        levels = levels.maximum(levels.amax(dim=(1, 2), keepdim=True) - 80)
        coefficients = levels @ _dct(N_MFCC, N_MELS).to(levels)
        return ((coefficients - MFCC_MEAN) / MFCC_DEVIATION).transpose(1, 2).unsqueeze(1)


class MultiImage(Image):
    """Mel spectrogram, spectral centroid and chroma as three channels."""

    def features(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, 3, 128, n_frames)."""
        window = torch.hann_window(N_FFT, dtype=wave.dtype, device=wave.device)
        magnitudes = torch.stft(
            wave, N_FFT, HOP, window=window, center=True, pad_mode="constant", return_complex=True
        ).abs()
        frequencies = torch.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1, dtype=wave.dtype, device=wave.device)
        total = magnitudes.sum(dim=1, keepdim=True).clamp(min=1e-12)
        centroid = (frequencies[:, None] * magnitudes).sum(dim=1, keepdim=True) / total
        chroma = _chroma_filters().to(magnitudes) @ magnitudes.square()
        chroma = chroma / chroma.amax(dim=1, keepdim=True).clamp(min=1e-12)
        if self.paper:
            mel = (LINEAR_MEL(wave).transpose(1, 2) - MULTI_MEANS[0]) / MULTI_DEVIATIONS[0]
        else:
            mel = (LOG_MEL(wave).transpose(1, 2) - LOG_MEAN) / LOG_DEVIATION
        others = [
            (channel - mean) / deviation
            for channel, mean, deviation in zip((centroid, chroma), MULTI_MEANS[1:], MULTI_DEVIATIONS[1:], strict=True)
        ]
        return torch.cat([resize_rows(channel.unsqueeze(1), N_MELS) for channel in (mel, *others)], dim=1)


def resize_rows(image: torch.Tensor, height: int) -> torch.Tensor:
    """(batch, channels, rows, n_frames) → (batch, channels, height, n_frames), by nearest neighbours."""
    if image.shape[2] == height:
        return image
    return functional.interpolate(image, size=(height, image.shape[3]), mode="nearest")


def _dct(n_coefficients: int, n_bands: int) -> torch.Tensor:
    """Orthonormal cosine transform of type 2, (n_bands, n_coefficients)."""
    place = torch.arange(n_bands, dtype=torch.float64) + 0.5
    order = torch.arange(n_coefficients, dtype=torch.float64)
    basis = torch.cos(math.pi / n_bands * place[:, None] * order) * math.sqrt(2 / n_bands)
    basis[:, 0] /= math.sqrt(2)
    return basis


def _chroma_filters() -> torch.Tensor:
    """Weights of the FFT's bins for the twelve pitch classes, (12, n_bins); A is 440 Hz."""
    import librosa

    return torch.from_numpy(librosa.filters.chroma(sr=SAMPLE_RATE, n_fft=N_FFT, tuning=0.0))
