"""Log-Mel spectrograms: what the front ends of all networks share.

A network's front end is a `MelFrontEnd` with its own numbers, in the package of the network.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from audiokit.errors import UserError
from audiokit.sound.frames import map_frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["MelFrontEnd", "concatenate", "slaney_filterbank", "triangles"]

GROUPED_BANDS = 16
"""Mel bands that are summed in one product."""

HZ_PER_MEL = 200 / 3
CORNER_HZ = 1000.0
CORNER_MEL = CORNER_HZ / HZ_PER_MEL
LOG_STEP = math.log(6.4) / 27
"""Slaney's Mel scale (Auditory Toolbox, 1998): linear up to 1 kHz, logarithmic above."""


class MelFrontEnd(ABC):
    """From a waveform to the log-Mel spectrogram that a network was trained on, and back to Mel power.

    Subclasses are stateless and give these numbers; what makes or inverts such spectrograms needs no more.
    """

    name: str
    sample_rate: int
    """Hz"""
    n_fft: int
    win_length: int
    hop_length: int
    n_mels: int
    exponent: int
    """2 where the Mel bands sum power, 1 where they sum magnitudes."""
    chunk_frames: int
    """Frames of one second, where a recording is worked on second by second."""
    unit: str
    """Of the log scale, as a figure's colour bar names it."""

    @abstractmethod
    def filterbank(self, *, sample_rate: int, n_fft: int) -> NDArray[np.float32]:
        """Mel weights of the bins of an FFT, (n_fft // 2 + 1, n_mels)."""

    @abstractmethod
    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Linear Mel values to the log scale of the network."""

    @abstractmethod
    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Undo `compress`, never below zero."""

    def centre_frequencies(self) -> NDArray[np.float64]:
        """Frequencies at which the bands weigh most, (n_mels,), Hz, to half a hertz."""
        n_fft = 2 * self.sample_rate
        return self.filterbank(sample_rate=self.sample_rate, n_fft=n_fft).argmax(axis=0) * (self.sample_rate / n_fft)

    def window(self) -> torch.Tensor:
        """Window of the STFT, (win_length,)."""
        return torch.hann_window(self.win_length, periodic=True, dtype=torch.float64)

    def padded_window(self) -> torch.Tensor:
        """The window in the middle of the FFT, (n_fft,), float64."""
        left = (self.n_fft - self.win_length) // 2
        return functional.pad(self.window().double(), (left, self.n_fft - self.win_length - left))

    def response(self, n_fft: int) -> torch.Tensor | None:
        """Gain of `prepare` at each bin of an FFT, (n_fft // 2 + 1,), float64; None where nothing is prepared."""
        return None

    def prepare(self, waveform: torch.Tensor) -> torch.Tensor:
        """What happens to the waveform before the STFT; nothing unless a front end says so."""
        return waveform

    def extend(self, signal: torch.Tensor, width: int) -> torch.Tensor:
        """Continue signals at both edges, (n, n_samples) → (n, width + n_samples + width); mirrored by default."""
        return _reflect(signal, width)

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.sample_rate / self.hop_length

    @property
    def min_samples(self) -> int:
        """Samples below which the mirrored edges of the STFT cannot be made."""
        return self.n_fft // 2 + 1

    def n_frames(self, n_samples: int) -> int:
        """Frames that a number of samples gives."""
        return 1 + n_samples // self.hop_length

    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        """Log-Mel spectrogram.

        Parameters
        ----------
        waveform : (..., n_samples)
            at `sample_rate`, full scale ±1, float32 or float64, any device.

        Returns
        -------
        (..., n_frames, n_mels), on the scale of `compress`, with a frame centred on every `hop_length`-th sample and
        edges that `extend` continues.

        Raises
        ------
        UserError
            below `min_samples`.
        """
        return self.compress(self._framed(waveform, self._weighed))

    def spectrum(self, waveform: torch.Tensor) -> torch.Tensor:
        """STFT of what `__call__` takes, of the bins that have a weight: the spectra of sounds sum up as the sounds do.

        Returns
        -------
        (..., n_frames, n_bins), complex

        Raises
        ------
        UserError
            below `min_samples`.
        """
        return self._framed(waveform, lambda spectrum: spectrum)

    def of_spectrum(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Log-Mel spectrogram of a `spectrum`, (..., n_frames, n_bins) → (..., n_frames, n_mels)."""
        return self.compress(self._weighed(spectrum))

    def _framed(self, waveform: torch.Tensor, transform: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """Transform the spectra of all frames, a few at a time."""
        if waveform.shape[-1] < self.min_samples:
            raise UserError(
                f"{waveform.shape[-1]} samples are too few for a {self.name} Mel spectrogram: "
                f"give at least {self.min_samples} at {self.sample_rate} Hz"
            )
        window, bins, _ = _constants(self, waveform.dtype, waveform.device)
        signal = self.prepare(waveform)
        flat = self.extend(signal.reshape(-1, signal.shape[-1]), self.n_fft // 2)
        found = map_frames(
            lambda frames: transform(torch.fft.rfft(frames * window)[..., bins]),
            flat,
            frame_length=self.n_fft,
            hop_length=self.hop_length,
        )
        return found.reshape(*waveform.shape[:-1], *found.shape[1:])

    def _weighed(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Sums over the Mel bands, (..., n_frames, n_bins) → (..., n_frames, n_mels)."""
        _, _, groups = _constants(self, spectrum.real.dtype, spectrum.device)
        # Not abs().square(): the square root in between costs more than the transform.
        power = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)
        energy = power.sqrt_() if self.exponent == 1 else power
        return torch.cat([energy[..., used] @ weights for used, weights in groups], dim=-1)


def concatenate(chunks: torch.Tensor, front_end: MelFrontEnd) -> torch.Tensor:
    """Join the Mel spectrograms of successive chunks, by the published rule.

    Where a chunk has more frames than a second has hops (101 and 100, say), the last frame of each chunk but the last
    is dropped, as it is the first of the next.

    Parameters
    ----------
    chunks : (..., n_chunks, chunk_frames, n_mels)
        one at least.

    Returns
    -------
    (..., n_frames, n_mels), in the example 100 · (n_chunks − 1) + 101 frames
    """
    step = min(front_end.chunk_frames, round(front_end.frame_rate))
    return torch.cat([chunks[..., :-1, :step, :].flatten(-3, -2), chunks[..., -1, :, :]], dim=-2)


def triangles(positions: NDArray[np.floating], edges: NDArray[np.floating]) -> NDArray[np.floating]:
    """Overlapping triangles of height 1, the shape of Mel filters.

    Parameters
    ----------
    positions : (n_bins,)
        of the FFT bins, in Hz or in Mel: whatever the triangles are linear in.
    edges : (n_mels + 2,)
        in the same unit, increasing; triangle i rises from edge i to edge i + 1 and falls to edge i + 2.

    Returns
    -------
    (n_bins, n_mels) in [0, 1]
    """
    widths = np.diff(edges)
    rising = (positions[:, None] - edges[:-2]) / widths[:-1]
    falling = (edges[2:] - positions[:, None]) / widths[1:]
    return np.maximum(0, np.minimum(rising, falling))


def slaney_filterbank(*, sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> NDArray[np.float32]:
    """Triangles on Slaney's Mel scale, of equal area: `librosa.filters.mel` to the bit, without its slow import.

    Parameters
    ----------
    fmin, fmax
        lower edge of the lowest band and upper edge of the highest one, Hz.

    Returns
    -------
    (n_fft // 2 + 1, n_mels)
    """
    edges = _slaney_hz(np.linspace(_slaney_mel(fmin), _slaney_mel(fmax), n_mels + 2))
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    area_norm = 2 / (edges[2:] - edges[:-2])
    return (triangles(bins, edges).astype(np.float32) * area_norm).astype(np.float32)


def _slaney_mel(frequency: float) -> float:
    if frequency < CORNER_HZ:
        return frequency / HZ_PER_MEL
    return CORNER_MEL + math.log(frequency / CORNER_HZ) / LOG_STEP


def _slaney_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < CORNER_MEL, mel * HZ_PER_MEL, CORNER_HZ * np.exp(LOG_STEP * (mel - CORNER_MEL)))


def _reflect(signal: torch.Tensor, width: int) -> torch.Tensor:
    """Reflect the edges: `functional.pad`, which takes six times as long on a CPU."""
    left, right = signal[:, 1 : width + 1], signal[:, -width - 1 : -1]
    return torch.cat([left.flip(1), signal, right.flip(1)], dim=1)


@cache
def _constants(
    front_end: MelFrontEnd, dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, slice, list[tuple[slice, torch.Tensor]]]:
    """Window in the middle of the FFT, the bins with a weight, and the filterbank in groups of bands.

    A filter is zero at most bins. Sixteen neighbours, which are a register of a CPU, share a range of bins, and their
    products take a third of the time of one with the whole matrix.
    """
    bank = torch.from_numpy(front_end.filterbank(sample_rate=front_end.sample_rate, n_fft=front_end.n_fft))
    bins = _range_of_use(bank)
    groups = []
    for bands in bank[bins].split(GROUPED_BANDS, dim=1):
        used = _range_of_use(bands)
        groups.append((used, bands[used].contiguous().to(device, dtype)))
    return front_end.padded_window().to(device, dtype), bins, groups


def _range_of_use(bank: torch.Tensor) -> slice:
    """Bins from the first to the last with a weight."""
    used = bank.any(dim=1).nonzero()
    return slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0)
