"""What changes waveforms in training: noise, pitch, tempo, gaps; each with a probability.

All draw from PyTorch's global random numbers, which go on where they were after a stop. They are the house's own:
audiomentations, which has most of them, draws from Python's, which no checkpoint of a training holds, needs a soxr
below 1, and takes one sound at a time, for 1.4 times the CPU time in all (`benchmarks/bench_lumen.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "BackgroundNoise",
    "add_coloured_noise",
    "invert_polarity",
    "mask_time",
    "normalise_loudness",
    "shift_pitch",
    "shift_time",
    "stretch_time",
    "with_probability",
]

Step = "Callable[[torch.Tensor], torch.Tensor]"

SEMITONES = 2.0
SLOWEST, FASTEST = 0.8, 1.25
LOUDNESS_DB = -12.0
LARGEST_GAP = 0.3
N_FFT, HOP = 512, 128


def with_probability(
    step: Callable[[torch.Tensor], torch.Tensor], wave: torch.Tensor, probability: float
) -> torch.Tensor:
    """Waveforms, (batch, n_samples), of which each is changed with a probability."""
    chosen = torch.rand(len(wave)) < probability
    if not chosen.any():
        return wave
    changed = wave.clone()
    changed[chosen] = step(wave[chosen])
    return changed


def invert_polarity(wave: torch.Tensor) -> torch.Tensor:
    """Minus the sound, which is not heard; the original calls it time inversion."""
    return -wave


def shift_time(wave: torch.Tensor) -> torch.Tensor:
    """Begin up to half of the length later; what falls off the end comes first."""
    length = wave.shape[1]
    shifts = torch.randint(-(length // 2), length // 2 + 1, (len(wave), 1))
    return wave.gather(1, (torch.arange(length) - shifts) % length)


def mask_time(wave: torch.Tensor) -> torch.Tensor:
    """Silence for up to 30 % of the time."""
    length = wave.shape[1]
    gaps = (torch.rand(len(wave), 1) * LARGEST_GAP * length).long()
    starts = (torch.rand(len(wave), 1) * (length - gaps)).long()
    places = torch.arange(length)
    return wave * ~((places >= starts) & (places < starts + gaps))


def normalise_loudness(wave: torch.Tensor) -> torch.Tensor:
    """Bring the root-mean-square to −12 dB; silence stays silence."""
    return wave * (10 ** (LOUDNESS_DB / 20) / _level(wave))


def add_coloured_noise(wave: torch.Tensor) -> torch.Tensor:
    """Noise whose power goes with a power of the frequency between −2 and 2, 3 to 25 dB below the sound."""
    spectrum = torch.fft.rfft(torch.randn_like(wave))
    slopes = torch.empty(len(wave), 1).uniform_(-1, 1)
    frequencies = torch.arange(1, spectrum.shape[1] + 1, dtype=wave.dtype)
    noise = torch.fft.irfft(spectrum * frequencies**slopes, wave.shape[1])
    return _add_below(wave, noise, torch.empty(len(wave), 1).uniform_(3, 25))


@dataclass(frozen=True)
class BackgroundNoise:
    """Adds recordings of other things, 3 to 30 dB below the sound."""

    noises: torch.Tensor
    """(n_noises, n_samples), at least as long as what they are added to."""

    def __call__(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples), the same."""
        chosen = self.noises[torch.randint(len(self.noises), (len(wave),))]
        starts = (torch.rand(len(wave), 1) * (chosen.shape[1] - wave.shape[1] + 1)).long()
        noise = chosen.gather(1, starts + torch.arange(wave.shape[1]))
        return _add_below(wave, noise, torch.empty(len(wave), 1).uniform_(3, 30))


def stretch_time(wave: torch.Tensor) -> torch.Tensor:
    """Slower or faster by one factor of 0.8 to 1.25, at the same pitch; cut, or continued from the beginning."""
    factor = math.exp(torch.empty(1).uniform_(math.log(SLOWEST), math.log(FASTEST)).item())
    return _fit(stretch(wave, factor), wave.shape[1])


def shift_pitch(wave: torch.Tensor) -> torch.Tensor:
    """Higher or lower by one interval of up to two semitones, at the same tempo."""
    factor = 2 ** (torch.empty(1).uniform_(-SEMITONES, SEMITONES).item() / 12)
    slower = stretch(wave, 1 / factor)
    length = round(slower.shape[1] / factor)
    return _fit(functional.interpolate(slower[:, None], size=length, mode="linear")[:, 0], wave.shape[1])


def stretch(wave: torch.Tensor, factor: float) -> torch.Tensor:
    """Play faster by a factor, at the same pitch: (batch, n_samples) → (batch, about n_samples / factor).

    The phase vocoder of Flanagan and Golden (1966).
    """
    window = torch.hann_window(N_FFT, dtype=wave.dtype)
    spectrum = torch.stft(wave, N_FFT, HOP, window=window, return_complex=True)
    times = torch.arange(0, spectrum.shape[2] - 1, factor, dtype=wave.dtype)
    frames = times.long().clamp(max=spectrum.shape[2] - 2)  # the last one may be rounded up
    before, after = spectrum[:, :, frames], spectrum[:, :, frames + 1]
    share = times - frames
    magnitudes = (1 - share) * before.abs() + share * after.abs()
    advance = torch.linspace(0, math.pi * HOP, N_FFT // 2 + 1, dtype=wave.dtype)[:, None]
    turn = after.angle() - before.angle() - advance
    turn = turn - 2 * math.pi * torch.round(turn / (2 * math.pi)) + advance
    phases = torch.cat([before[:, :, :1].angle(), turn[:, :, :-1]], dim=2).cumsum(dim=2)
    return torch.istft(torch.polar(magnitudes, phases), N_FFT, HOP, window=window)


def _fit(wave: torch.Tensor, length: int) -> torch.Tensor:
    """Cut, or continue from the beginning."""
    n_times = math.ceil(length / wave.shape[1])
    return wave.repeat(1, n_times)[:, :length]


def _level(wave: torch.Tensor) -> torch.Tensor:
    """Root-mean-square, (batch, 1), not quite 0."""
    return wave.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-6)


def _add_below(wave: torch.Tensor, noise: torch.Tensor, snr: torch.Tensor) -> torch.Tensor:
    """Add noise that is `snr` dB, (batch, 1), below the sound."""
    return wave + noise * (_level(wave) / _level(noise) * 10 ** (-snr / 20))
