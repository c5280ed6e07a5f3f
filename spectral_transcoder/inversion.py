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

from functools import cache
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
"""Keeps divisions finite; far below the floor of each teacher's Mel scale, which is relative to the frame's peak here."""

LARGEST_CORRECTION = 100.0
"""By which one iteration scales a bin at most: bins that start near silence would explode."""


def mel_to_audio(
    log_mel: torch.Tensor,
    front_end: MelFrontEnd,
    *,
    n_samples: int,
    exponent: int | torch.Tensor | None = None,
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
        2 where Mel values are sums of power, 1 of magnitude; the front end's own by default. PINV's values are powers
        whatever the teacher, so a tensor (batch, 1, 1) can say it for each.
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
    stft = _Stft(front_end, log_mel.dtype, log_mel.device)
    bank = stft.bank
    mel = front_end.expand(log_mel)
    power = 2 if exponent is None and front_end.exponent == 2 else exponent or front_end.exponent
    # Each frame by itself, so that quiet frames are as good as loud ones and nothing underflows.
    scale = mel.amax(dim=-1, keepdim=True).clamp(min=torch.finfo(mel.dtype).tiny)
    mel = mel / scale
    amplitude_scale = scale ** (1 / power)
    magnitude = _spread(mel, bank) ** (1 / power)
    noise = torch.randn(n_samples, generator=torch.Generator().manual_seed(seed)).to(log_mel)
    waveform = (noise * 1e-3).expand(len(mel), -1).clone()
    if start is not None:
        waveform[:, : start.shape[1]] = start
    weight_sum = bank.sum(dim=-1).clamp(min=SMALLEST)
    previous = None
    for iteration in range(iterations + 1):
        spectrum = stft.analyse(waveform) / amplitude_scale
        found = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)
        if iteration:
            sums = found if power == 2 else found ** (power / 2)
            ratio = (mel / (sums @ bank).clamp_(min=SMALLEST)) @ bank.T / weight_sum
            magnitude = (sums * ratio.clamp_(max=LARGEST_CORRECTION)) ** (1 / power)
        if previous is not None:
            spectrum, previous = spectrum - previous * (MOMENTUM / (1 + MOMENTUM)), spectrum
            found = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)
        else:
            previous = spectrum
        phased = spectrum * (magnitude * amplitude_scale * found.add_(SMALLEST**2).rsqrt_())
        waveform = stft.synthesise(phased, n_samples)
    return waveform
