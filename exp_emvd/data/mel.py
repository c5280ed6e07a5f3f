"""What the networks see of singing: log-Mel spectrograms of 128 bands, 20 Hz to 8 kHz, in chunks of 1.024 s."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from audiokit.sound.audio import Recording
from audiokit.sound.mel import MelFrontEnd, slaney_filterbank

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["CHUNK_SECONDS", "CHUNK_SHAPE", "FRONT_END", "EmvdMel", "chunk_times", "cut", "n_chunks", "singing_chunks"]

FMIN = 20.0
FMAX = 8000.0
FLOOR = 1e-10
DECADES = -math.log10(FLOOR)
"""Of Mel power between 0 and 1 of the scale."""

BLOCK_CHUNKS = 60
"""Chunks that are computed at once, a minute of sound."""


class EmvdMel(MelFrontEnd):
    """Mel power in dB over a hundred, raised by one: 0 is silence (−100 dB), and loud sounds come close to 1.

    The power is that of torchaudio's `MelSpectrogram(normalized=True)`: each frame's spectrum is divided by the root of
    the window's energy. Values somewhat above 1 occur, and are kept.
    """

    name = "EMVD"
    sample_rate = 48000
    n_fft = 1024
    win_length = 1024
    hop_length = 256
    n_mels = 128
    exponent = 2
    chunk_frames = 192
    unit = "(Mel power in dB + 100) / 100"

    def filterbank(self, *, sample_rate: int, n_fft: int) -> NDArray[np.float32]:
        """Slaney scale and area norm, 20 Hz to 8 kHz."""
        return slaney_filterbank(sample_rate=sample_rate, n_fft=n_fft, n_mels=self.n_mels, fmin=FMIN, fmax=FMAX)

    def window(self) -> torch.Tensor:
        """Periodic Hann window of unit energy."""
        window = super().window()
        return window / window.norm()

    def extend(self, signal: torch.Tensor, width: int) -> torch.Tensor:
        """Continue signals by silence."""
        return functional.pad(signal, (width, width))

    @property
    def min_samples(self) -> int:
        """One sample, as nothing is mirrored."""
        return 1

    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Power to the scale from silence, 0, upwards."""
        return mel.add(FLOOR).log10().div(DECADES).add(1).clamp(min=0)

    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Undo the scale."""
        return torch.pow(10, (log_mel - 1) * DECADES).sub(FLOOR).clamp(min=0)


FRONT_END = EmvdMel()

CHUNK_SHAPE = (FRONT_END.n_mels, FRONT_END.chunk_frames)
"""Bands and frames that a network sees at once."""

CHUNK_SECONDS = FRONT_END.chunk_frames / FRONT_END.frame_rate


def n_chunks(n_samples: int, sample_rate: int) -> int:
    """Chunks that a recording of so many samples gives; below about 1.02 s there is none."""
    return FRONT_END.n_frames(math.ceil(n_samples * FRONT_END.sample_rate / sample_rate)) // FRONT_END.chunk_frames


def chunk_times(n: int) -> NDArray[np.float64]:
    """Beginning and end of successive chunks, (n, 2), s."""
    starts = np.arange(n) * CHUNK_SECONDS
    return np.stack([starts, starts + CHUNK_SECONDS], axis=1)


def cut(log_mel: torch.Tensor) -> torch.Tensor:
    """Cut a log-Mel spectrogram into chunks, side by side; what is left over at the end is dropped.

    Parameters
    ----------
    log_mel : (n_frames, 128)

    Returns
    -------
    (n_chunks, 128, 192)
    """
    n = len(log_mel) // FRONT_END.chunk_frames
    return log_mel[: n * FRONT_END.chunk_frames].reshape(n, FRONT_END.chunk_frames, FRONT_END.n_mels).mT


def singing_chunks(path: str | Path) -> NDArray[np.float32]:
    """Chunks of a recording, each peak-normalised with the whole of it.

    Parameters
    ----------
    path
        of a recording of any format, rate and number of channels, and of any length: it is gone through in pieces.

    Returns
    -------
    (n_chunks, 128, 192)
        none of a recording below about 1.02 s.

    Raises
    ------
    UserError
        where the recording is unreadable, empty, or holds samples that are not finite.
    """
    recording = Recording(path, sample_rate=FRONT_END.sample_rate)
    recording.log_notes()
    return np.concatenate([np.empty((0, *CHUNK_SHAPE), np.float32), *_blocks_of_chunks(recording)])


def _blocks_of_chunks(recording: Recording) -> Iterator[NDArray[np.float32]]:
    """As `singing_chunks`, a minute at a time."""
    n_in_all = n_chunks(recording.n_samples, recording.sample_rate)
    half = FRONT_END.n_fft // 2
    before = half // FRONT_END.hop_length  # frames whose windows begin before the piece
    for first in range(0, n_in_all, BLOCK_CHUNKS):
        start = first * FRONT_END.chunk_frames
        stop = min(first + BLOCK_CHUNKS, n_in_all) * FRONT_END.chunk_frames
        skipped = before if start else 0
        samples = recording.read(
            (start - skipped) * FRONT_END.hop_length,
            min((stop - 1) * FRONT_END.hop_length + half, recording.n_samples),
        )
        log_mel = FRONT_END(torch.from_numpy(samples))
        yield cut(log_mel[skipped : skipped + stop - start]).numpy()
