"""Mel spectrograms back to sound.

Two ways:

`mel_to_audio` (the default)
    log → linear Mel, spread over the bins by a few multiplicative steps of non-negative least squares from the
    pseudo-inverse, then fast Griffin-Lim (Perraudin et al., 2013) whose target magnitudes follow the Mel spectrogram:
    after each analysis the magnitudes found are scaled so that their Mel sums are the given ones. The usual
    Griffin-Lim keeps the first guess of magnitudes and stops at 0.7 to 0.9 dB (birds.wav, PANN) where this one reaches
    0.35 dB.
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

    from spectral_transcoder.mel import MelFrontEnd

__all__ = ["ITERATIONS", "mel_to_audio", "paper_mel_to_audio"]

ITERATIONS = 32
"""Of Griffin-Lim, as in librosa."""

SPREADING_STEPS = 10
"""Of non-negative least squares; the Mel-following Griffin-Lim does the rest."""

MOMENTUM = 0.99
SMALLEST = 1e-12
"""Keeps divisions finite; Mel values are relative to the frame's peak where it is used."""

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
    stft = _Stft(front_end, log_mel, n_samples)
    mel = front_end.expand(log_mel)
    # Each frame relative to its peak, so that quiet frames are as good as loud ones and nothing underflows.
    peak = mel.amax(dim=-1, keepdim=True).clamp(min=torch.finfo(mel.dtype).tiny)
    mel = mel / peak
    gain = peak ** (1 / power)
    magnitude = _spread(mel, stft.bank) ** (1 / power)
    waveform = _noise(log_mel, n_samples, seed)
    if start is not None:
        waveform[:, : start.shape[1]] = start
    previous = stft.analyse(waveform)
    waveform = stft.synthesise(_with_phase(previous, magnitude * gain))
    for _ in range(iterations):
        spectrum = stft.analyse(waveform)
        found = (_square(spectrum) / gain.square()) ** (power / 2)
        magnitude = _follow(mel, found, stft.bank) ** (1 / power)
        accelerated = torch.sub(spectrum, previous, alpha=MOMENTUM / (1 + MOMENTUM))
        waveform = stft.synthesise(_with_phase(accelerated, magnitude * gain))
        previous = spectrum
    return waveform


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
        self.response = front_end.response().to(like)
        overlapped = self._overlap_add(self.window.square().expand(1, self.n_frames, -1))
        self.window_sum = overlapped.clamp_(min=SMALLEST)

    def analyse(self, waveform: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, n_frames, n_bins) complex, as the front end sees the waveform."""
        padded = functional.pad(waveform, (self.n_fft // 2,) * 2, mode="reflect")
        frames = padded.unfold(-1, self.n_fft, self.hop_length)[:, : self.n_frames]
        return torch.fft.rfft(frames * self.window) * self.response

    def synthesise(self, spectrum: torch.Tensor) -> torch.Tensor:
        """The waveform whose spectrum is nearest in the least-squares sense (Griffin and Lim, 1984)."""
        frames = torch.fft.irfft(spectrum / self.response, n=self.n_fft) * self.window
        start = self.n_fft // 2
        waveform = (self._overlap_add(frames) / self.window_sum)[:, start : start + self.n_samples]
        return functional.pad(waveform, (0, self.n_samples - waveform.shape[1]))

    def _overlap_add(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, n_fft) → (batch, n_samples), a hop's worth of all frames at a time."""
        n_hops = -(-self.n_fft // self.hop_length)
        batch, n_frames, _ = frames.shape
        parts = functional.pad(frames, (0, n_hops * self.hop_length - self.n_fft)).unflatten(-1, (n_hops, -1))
        total = frames.new_zeros(batch, n_frames + n_hops - 1, self.hop_length)
        for hop in range(n_hops):
            total[:, hop : hop + n_frames] += parts[:, :, hop]
        return total.flatten(1)


def _spread(mel: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    """Non-negative values of the bins whose sums are near the Mel values: (…, n_mels) → (…, n_bins)."""
    bins = (mel @ torch.linalg.pinv(bank)).clamp_(min=SMALLEST)
    for _ in range(SPREADING_STEPS):
        # Lee and Seung's multiplicative step.
        bins *= (mel @ bank.T) / ((bins @ bank) @ bank.T).clamp_(min=SMALLEST)
    return bins


def _follow(mel: torch.Tensor, bins: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    """Scale bins so that their sums come nearer to the Mel values: each by the mean of what its bands ask for."""
    wanted = (mel / (bins @ bank).clamp_(min=SMALLEST)).clamp_(max=LARGEST_CORRECTION)
    return bins * (wanted @ (bank / bank.sum(dim=1, keepdim=True).clamp(min=SMALLEST)).T)


def _square(spectrum: torch.Tensor) -> torch.Tensor:
    return spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)


def _with_phase(spectrum: torch.Tensor, magnitude: torch.Tensor) -> torch.Tensor:
    """Give the magnitude the phase of the spectrum."""
    return spectrum * (magnitude * _square(spectrum).clamp_(min=torch.finfo(magnitude.dtype).tiny).rsqrt_())


def _noise(like: torch.Tensor, n_samples: int, seed: int) -> torch.Tensor:
    """The same noise for every item of the batch, (batch, n_samples)."""
    noise = torch.randn(n_samples, generator=torch.Generator().manual_seed(seed)).to(like)
    return noise.expand(len(like), -1).clone()
