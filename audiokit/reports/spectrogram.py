"""A spectrogram to look at, of recordings of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.reports.figures import SHOWN_RANGE_DB, Overview
from audiokit.sound.mel import triangles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audiokit.sound.audio import Recording

__all__ = ["band_centres", "overview_spectrogram"]

N_BANDS = 96
LOWEST = 40.0
"""Hz, the centre of the lowest band."""
N_FFT, HOP_SECONDS = 2048, 0.01
BLOCK_FRAMES = 4096
SMALLEST_POWER = 1e-10


def band_centres(sample_rate: int) -> NDArray[np.float64]:
    """Centres of the bands, (96,), Hz: equally spaced on the Mel scale (O'Shaughnessy's) up to half the sample rate."""
    return _edges(sample_rate)[1:-1]


def overview_spectrogram(recording: Recording) -> NDArray[np.float64]:
    """Levels of bands over time, averaged to the width of a picture.

    Returns
    -------
    (n_columns, 96)
        dB below the loudest cell, −80 to 0; silence is −80 throughout.
    """
    rate = recording.sample_rate
    hop = max(1, round(HOP_SECONDS * rate))
    n_frames = 1 + recording.n_samples // hop
    positions = np.arange(N_FFT // 2 + 1) * rate / N_FFT
    bank = torch.from_numpy(triangles(positions, _edges(rate)).astype(np.float32))
    window = torch.hann_window(N_FFT)
    overview = Overview(n_frames)
    for first in range(0, n_frames, BLOCK_FRAMES):
        count = min(BLOCK_FRAMES, n_frames - first)
        begin = first * hop - N_FFT // 2
        before = max(0, -begin)
        samples = np.pad(recording.read(begin + before, begin + (count - 1) * hop + N_FFT), (before, 0))
        frames = torch.from_numpy(samples).unfold(0, N_FFT, hop)
        power = torch.fft.rfft(frames * window).abs().square() @ bank
        overview.add(power.numpy())
    levels = 10 * np.log10(np.maximum(overview.image, SMALLEST_POWER))
    top = levels.max()
    if top <= 10 * np.log10(SMALLEST_POWER):
        return np.full(levels.shape, -float(SHOWN_RANGE_DB))
    return np.maximum(levels - top, -SHOWN_RANGE_DB)


def _edges(sample_rate: int) -> NDArray[np.float64]:
    """Edges of the triangles, (98,), Hz."""
    lowest, highest = (2595 * np.log10(1 + frequency / 700) for frequency in (LOWEST, sample_rate / 2))
    step = (highest - lowest) / N_BANDS
    return 700 * (10 ** (np.linspace(lowest - step, highest, N_BANDS + 2) / 2595) - 1)
