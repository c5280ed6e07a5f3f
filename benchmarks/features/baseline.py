"""The baseline: the algorithms of the original research code, written anew from their description.

Nothing but the benchmark uses them. They are as slow as the original: loops over frames and bands with
Python's `sum` over the bins of each, the Fourier transform as a convolution, matrices built again at every call.
`bench_features.py` measures against them, after `agreement.py` has made sure that they compute the same numbers. The
original has no EfficientAT: that chain is the one of EfficientAT's own authors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import librosa
import numpy as np
import torch
from torch.nn import functional

from efficientat import mel as efficientat_mel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

SAMPLE_RATE = 32000
FRAME_LENGTH = 4096
HOP_LENGTH = 4000
BIN_WIDTH = SAMPLE_RATE / FRAME_LENGTH
N_BANDS = 29
N_BINS = FRAME_LENGTH // 2 + 1
CALIBRATION_DB = 26


def band_bins(band: int) -> range:
    """Bins of a third-octave band, those of both edges included."""
    centre = 1000 * 10 ** ((band - 17) / 10)
    lower, upper = centre * 10 ** (-1 / 20), centre * 10 ** (1 / 20)
    return range(int(np.ceil(lower / BIN_WIDTH)), int(np.ceil(upper / BIN_WIDTH)) + 1)


BAND_BINS = [band_bins(band) for band in range(N_BANDS)]


def tukey_window() -> NDArray[np.float64]:
    """Tukey window of the sensors."""
    place = np.arange(FRAME_LENGTH) / FRAME_LENGTH
    window = np.ones(FRAME_LENGTH)
    window[:409] = 0.5 * (1 + np.cos(2 * np.pi / 0.2 * (place[:409] - 0.1)))
    window[3687:] = 0.5 * (1 + np.cos(2 * np.pi / 0.2 * (place[3687:] - 1 + 0.1)))
    return window


def third_octave(
    waveform: NDArray[np.floating], *, total: Callable[[NDArray[np.float64]], float] = sum
) -> NDArray[np.float64]:
    """Third-octave levels, (n_frames, 29), dB; `total` sums what the bins of a band hold."""
    window = tukey_window()
    correction = 1 / np.sqrt(np.mean(window**2))
    remainder = (len(waveform) - FRAME_LENGTH) % HOP_LENGTH
    if remainder:
        waveform = np.concatenate([waveform, np.zeros(HOP_LENGTH - remainder)])
    n_frames = (len(waveform) - FRAME_LENGTH) // HOP_LENGTH + 1
    levels = np.empty((n_frames, N_BANDS))
    for index in range(n_frames):
        frame = waveform[index * HOP_LENGTH : index * HOP_LENGTH + FRAME_LENGTH]
        power = np.abs(np.fft.rfft(frame * window)) ** 2
        for band, bins in enumerate(BAND_BINS):
            rms = np.sqrt(total(power[bins.start : bins.stop]) / 2) / (FRAME_LENGTH / 2) * correction
            levels[index, band] = 20 * np.log10(rms if rms > 0 else 1e-9) + CALIBRATION_DB
    return levels


def mel_bank(*, sample_rate: int, n_fft: int, options: Mapping[str, object]) -> torch.Tensor:
    """Mel filterbank of 64 bands, (n_fft // 2 + 1, 64)."""
    return torch.from_numpy(librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=64, **options).T)


PANN_BANK = {"fmin": 50, "fmax": 14000}
YAMNET_BANK = {"fmin": 125, "fmax": 7500, "htk": True, "norm": None}


def pann_log(mel: torch.Tensor) -> torch.Tensor:
    """Mel power to dB."""
    return 10 * torch.log10(torch.clamp(mel, min=1e-10))


def yamnet_log(mel: torch.Tensor) -> torch.Tensor:
    """Mel magnitude to natural log."""
    return torch.log(mel + 0.001)


class PannMel:
    """PANN's log-Mel spectrogram: the real and the imaginary part of the Fourier transform by a convolution each."""

    def __init__(self) -> None:
        window = np.hanning(1025)[:-1]
        kernels = np.exp(-2j * np.pi * np.outer(np.arange(513), np.arange(1024)) / 1024) * window
        self.real = torch.from_numpy(kernels.real).float()[:, None]
        self.imaginary = torch.from_numpy(kernels.imag).float()[:, None]
        self.bank = mel_bank(sample_rate=SAMPLE_RATE, n_fft=1024, options=PANN_BANK)

    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        """(n_samples,) to (n_frames, 64)."""
        padded = functional.pad(waveform[None, None], (512, 512), mode="reflect")
        real = functional.conv1d(padded, self.real, stride=320)
        imaginary = functional.conv1d(padded, self.imaginary, stride=320)
        power = real**2 + imaginary**2
        return pann_log(torch.matmul(power.transpose(1, 2), self.bank))[0]


class YamnetMel:
    """YAMNet's log-Mel spectrogram: power spectrogram, square root, Mel filterbank, log."""

    def __init__(self) -> None:
        self.window = torch.hann_window(400)
        self.bank = mel_bank(sample_rate=16000, n_fft=512, options=YAMNET_BANK)

    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        """(n_samples,) to (n_frames, 64)."""
        spectrum = torch.stft(
            waveform, 512, hop_length=160, win_length=400, window=self.window, center=True, return_complex=True
        )
        magnitude = spectrum.abs().pow(2).sqrt()
        return yamnet_log(torch.matmul(magnitude.transpose(-1, -2), self.bank))


class EfficientatMel:
    """EfficientAT's log-Mel spectrogram: pre-emphasis by convolution, the filterbank built at every call."""

    def __init__(self) -> None:
        self.pre_emphasis = torch.tensor([[[-0.97, 1.0]]])
        self.window = torch.hann_window(800, periodic=False)

    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        """(n_samples,) to (n_frames, 128)."""
        signal = functional.conv1d(waveform[None, None], self.pre_emphasis)[0, 0]
        spectrum = torch.stft(
            signal, 1024, hop_length=320, win_length=800, window=self.window, center=True, return_complex=True
        )
        power = (torch.view_as_real(spectrum) ** 2).sum(dim=-1)
        bank = torch.from_numpy(efficientat_mel.EfficientatMel().filterbank(sample_rate=SAMPLE_RATE, n_fft=1024))
        return ((torch.matmul(bank.T, power) + 1e-5).log().T + 4.5) / 5


@dataclass(frozen=True)
class Pinv:
    """The analytic transcoder, with a power spectrum of 2049 bins for every frame and a filterbank for every call."""

    n_fft: int
    n_frames: int
    bank_options: Mapping[str, object]
    log: Callable[[torch.Tensor], torch.Tensor]
    spread: torch.Tensor
    """Clipped pseudo-inverse of the band matrix, (2049, 29)."""

    def __call__(self, levels: torch.Tensor) -> torch.Tensor:
        """(batch, n_third_octave_frames, 29) to (batch, n_frames, 64)."""
        energy = (10 ** ((levels - CALIBRATION_DB) / 20) * FRAME_LENGTH * 2**0.5 / 2) ** 2
        energy = energy * ((1 + self.n_fft / 2) / (1 + FRAME_LENGTH / 2) * 0.5) ** 2
        spread = self.spread.to(levels.device).repeat(len(levels), 1, 1)
        spectrum = torch.bmm(spread, energy.transpose(1, 2))
        spectrum = functional.interpolate(spectrum, size=self.n_frames, mode="linear")
        bank = mel_bank(sample_rate=SAMPLE_RATE, n_fft=FRAME_LENGTH, options=self.bank_options)
        return self.log(torch.matmul(spectrum.transpose(1, 2), bank.to(levels.device)))


def spread_matrix() -> torch.Tensor:
    """Clipped pseudo-inverse of the band matrix, (2049, 29)."""
    matrix = torch.zeros(N_BANDS, N_BINS)
    for band, bins in enumerate(BAND_BINS):
        matrix[band, bins.start : bins.stop] = 1
    return torch.relu(torch.linalg.pinv(matrix, rcond=1e-15))


def pann_pinv() -> Pinv:
    """PINV for PANN."""
    return Pinv(n_fft=1024, n_frames=101, bank_options=PANN_BANK, log=pann_log, spread=spread_matrix())


def yamnet_pinv() -> Pinv:
    """PINV for YAMNet."""
    return Pinv(n_fft=512, n_frames=96, bank_options=YAMNET_BANK, log=yamnet_log, spread=spread_matrix())
