"""Mel spectrograms back to sound.

Two ways:

`mel_to_audio` (the default)
    log → linear Mel, spread over the bins by a few multiplicative steps of non-negative least squares from the
    pseudo-inverse, then fast Griffin-Lim (Perraudin et al., 2013) whose target magnitudes follow the Mel spectrogram:
    after each analysis the magnitudes found are scaled so that their Mel sums are the given ones. The usual
    Griffin-Lim keeps the first guess of magnitudes, and its error is two to four times this one's for PANN's Mel
    spectrograms (`benchmarks/inversion_error.py`).
`paper_mel_to_audio`
    what the published audio was made with: librosa's inversion, fed with dB as if they were power, and with a
    filterbank from 0 Hz to half the sample rate whatever the teacher's is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd

__all__ = ["ITERATIONS", "mel_to_audio", "paper_mel_to_audio"]

ITERATIONS = 20
"""Of Griffin-Lim: fewer than librosa's 32, and still a third of its error."""

SPREADING_STEPS = 10
"""Of non-negative least squares; the Mel-following Griffin-Lim does the rest."""

MOMENTUM = 0.99
SMALLEST = 1e-12
"""Keeps divisions finite, relative to the frame's peak."""

SMALLEST_OVERLAP = 0.1
"""Of the largest sum of windows: where there is less, the sound fades out; to make it up would make bursts."""

LARGEST_CORRECTION = 100.0
"""By which one iteration scales a bin at most: bins that start near silence would explode."""


def mel_to_audio(
    log_mel: torch.Tensor,
    front_end: MelFrontEnd,
    *,
    n_samples: int,
    exponent: int | None = None,
    iterations: int = ITERATIONS,
    start: torch.Tensor | None = None,
    seed: int = 0,
) -> torch.Tensor:
    """Sound whose log-Mel spectrogram is near the given one.

    Parameters
    ----------
    log_mel : (batch, n_frames, n_mels)
        on the front end's log scale, float32; n_frames = front_end.n_frames(n_samples).
    front_end
        of the teacher that the Mel spectrogram is for.
    n_samples
        of the sound.
    exponent
        2 where Mel values are sums of power, 1 of magnitude; the front end's own by default. (PINV's are powers
        whatever the teacher.)
    iterations
        of Griffin-Lim.
    start : (batch, n_start) or None
        known beginning of the sound, from which the phases there start.
    seed
        of the noise from which all other phases start.

    Returns
    -------
    (batch, n_samples) waveforms on the scale of the analysed one
    """
    power = front_end.exponent if exponent is None else exponent
    waveform = _noise(log_mel, n_samples, seed)
    if start is not None:
        waveform[:, : start.shape[1]] = start
    stft = _Stft(front_end, log_mel, n_samples)
    mel = front_end.expand(log_mel)
    # A GPU wants all at once; on a CPU one sound's spectrum fits the cache and four do not, which costs half again.
    n_at_once = 1 if log_mel.device.type == "cpu" else len(log_mel)
    pairs = zip(mel.split(n_at_once), waveform.split(n_at_once), strict=True)
    return torch.cat([_griffin_lim(some, begun, stft, power, iterations) for some, begun in pairs])


def paper_mel_to_audio(log_mel: NDArray[np.float32], front_end: MelFrontEnd) -> NDArray[np.float32]:
    """Invert as the published audio was inverted, with its two slips (dB taken as power, another filterbank).

    Parameters
    ----------
    log_mel : (n_frames, n_mels)

    Returns
    -------
    ((n_frames − 1) · hop_length,) waveform, with librosa's random phases
    """
    import librosa

    return librosa.feature.inverse.mel_to_audio(
        log_mel.T,
        sr=front_end.sample_rate,
        n_fft=front_end.n_fft,
        hop_length=front_end.hop_length,
        win_length=front_end.win_length,
    )


class _Stft:
    """Frames in rows, (batch, n_frames, n_bins): what `torch.stft` and `istft` compute, without their transposes."""

    def __init__(self, front_end: MelFrontEnd, like: torch.Tensor, n_samples: int) -> None:
        self.n_fft = front_end.n_fft
        self.hop_length = front_end.hop_length
        self.n_samples = n_samples
        self.n_frames = front_end.n_frames(n_samples)
        self.window = front_end.padded_window().to(like)
        bank = front_end.filterbank(sample_rate=front_end.sample_rate, n_fft=self.n_fft)
        self.bank = torch.from_numpy(bank).to(like)
        response = front_end.response(self.n_fft)
        self.response = None if response is None else response.to(like)
        overlapped = self._overlap_add(self.window.square().expand(1, self.n_frames, -1))
        self.window_sum = overlapped.clamp_(min=SMALLEST_OVERLAP * float(overlapped.max()))

    def analyse(self, waveform: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, n_frames, n_bins) complex, as the front end sees the waveform."""
        padded = functional.pad(waveform, (self.n_fft // 2,) * 2, mode="reflect")
        frames = padded.unfold(-1, self.n_fft, self.hop_length)[:, : self.n_frames]
        spectrum = torch.fft.rfft(frames * self.window)
        return spectrum if self.response is None else spectrum * self.response

    def synthesise(self, spectrum: torch.Tensor) -> torch.Tensor:
        """The waveform whose spectrum is nearest in the least-squares sense (Griffin and Lim, 1984)."""
        spectrum = spectrum if self.response is None else spectrum / self.response
        frames = torch.fft.irfft(spectrum, n=self.n_fft) * self.window
        start = self.n_fft // 2
        waveform = (self._overlap_add(frames) / self.window_sum)[:, start : start + self.n_samples]
        return functional.pad(waveform, (0, self.n_samples - waveform.shape[1]))

    def _overlap_add(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, n_fft) → (batch, n_samples), a hop's worth of all frames at a time."""
        batch, n_frames, _ = frames.shape
        n_hops = -(-self.n_fft // self.hop_length)
        total = frames.new_zeros(batch, n_frames + n_hops - 1, self.hop_length)
        for hop, part in enumerate(frames.split(self.hop_length, dim=-1)):
            total[:, hop : hop + n_frames, : part.shape[-1]] += part
        return total.flatten(1)


def _griffin_lim(mel: torch.Tensor, waveform: torch.Tensor, stft: _Stft, power: int, iterations: int) -> torch.Tensor:
    """Make linear Mel values into sound, starting from the phases of a waveform."""
    smallest = (mel.amax(dim=-1, keepdim=True) * SMALLEST).clamp_(min=torch.finfo(mel.dtype).tiny)
    previous = stft.analyse(waveform)
    bins = _spread(mel, stft.bank, smallest)
    squared_magnitude = bins if power == 2 else bins.square_()
    waveform = stft.synthesise(_with_magnitude(previous, squared_magnitude))
    for _ in range(iterations):
        spectrum = stft.analyse(waveform)
        squared_magnitude = _square(spectrum)
        bins = squared_magnitude if power == 2 else squared_magnitude.sqrt()
        gain = _missing_gain(mel, bins, stft.bank, smallest)
        squared_magnitude.mul_(gain if power == 2 else gain.square_())
        accelerated = torch.sub(spectrum, previous, alpha=MOMENTUM / (1 + MOMENTUM))
        waveform = stft.synthesise(_with_magnitude(accelerated, squared_magnitude))
        previous = spectrum
    return waveform


def _spread(mel: torch.Tensor, bank: torch.Tensor, smallest: torch.Tensor) -> torch.Tensor:
    """Non-negative values of the bins whose sums are near the Mel values: (…, n_mels) → (…, n_bins)."""
    bins = torch.maximum(mel @ torch.linalg.pinv(bank), smallest)
    wanted = mel @ bank.T
    for _ in range(SPREADING_STEPS):
        # Lee and Seung's multiplicative step.
        bins *= wanted / torch.maximum((bins @ bank) @ bank.T, smallest)
    return bins


def _missing_gain(mel: torch.Tensor, bins: torch.Tensor, bank: torch.Tensor, smallest: torch.Tensor) -> torch.Tensor:
    """Factor for each bin that brings the sums nearer to the Mel values: the mean of what its bands ask for."""
    wanted = (mel / torch.maximum(bins @ bank, smallest)).clamp_(max=LARGEST_CORRECTION)
    return wanted @ (bank / bank.sum(dim=1, keepdim=True).clamp(min=SMALLEST)).T


def _square(spectrum: torch.Tensor) -> torch.Tensor:
    # Neither abs() nor a sum over view_as_real: both take three times as long.
    return spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)


def _with_magnitude(spectrum: torch.Tensor, squared_magnitude: torch.Tensor) -> torch.Tensor:
    """The phases of the spectrum with other magnitudes."""
    found = _square(spectrum).clamp_(min=torch.finfo(squared_magnitude.dtype).tiny)
    return spectrum * torch.div(squared_magnitude, found, out=found).sqrt_()


def _noise(like: torch.Tensor, n_samples: int, seed: int) -> torch.Tensor:
    """The same noise for every item of the batch, (batch, n_samples)."""
    noise = torch.randn(n_samples, generator=torch.Generator().manual_seed(seed)).to(like)
    return noise.expand(len(like), -1).clone()
