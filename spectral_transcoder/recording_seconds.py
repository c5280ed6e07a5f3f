"""The whole seconds of a recording at several sample rates, from decoding it once."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.audio import IN_MEMORY_BYTES, Recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["RecordingSeconds"]

RESAMPLED_AT_ONCE = 1 << 15
"""Samples; a fifth faster than eight times as many, which the caches do not hold."""


class RecordingSeconds:
    """A recording in seconds.

    At each sample rate the samples are those of `audio.load`, divided by the peak that the whole recording has at that
    rate. Memory does not grow with the length.

    Parameters
    ----------
    own_rate
        sample rate of the file, Hz.
    sample_rates
        to resample to, Hz.

    Raises
    ------
    UserError
        where the recording cannot be used.
    """

    def __init__(self, path: Path, *, own_rate: int, sample_rates: Sequence[int]) -> None:
        decoded = Recording(path, sample_rate=own_rate)
        self.n_seconds = decoded.n_samples // own_rate
        self._recordings = {
            rate: decoded if rate == own_rate else _Resampled(decoded, sample_rate=rate) for rate in sample_rates
        }

    def blocks(self, n_seconds: int, *, limit: int) -> Iterator[tuple[int, dict[int, NDArray[np.float32]]]]:
        """Successive seconds, several at a time.

        Parameters
        ----------
        n_seconds
            in a block; the last may be shorter.
        limit
            of the seconds in all.

        Yields
        ------
        int, dict of int to (n, sample_rate) array
            the first second of the block; sample rate → its waveforms.
        """
        end = min(self.n_seconds, limit)
        for start in range(0, end, n_seconds):
            stop = min(start + n_seconds, end)
            yield (
                start,
                {
                    rate: recording.read(start * rate, stop * rate).reshape(-1, rate)
                    for rate, recording in self._recordings.items()
                },
            )


class _Resampled(Recording):
    """A recording at another sample rate than one at which it is at hand."""

    def __init__(self, decoded: Recording, *, sample_rate: int) -> None:
        self.path = decoded.path
        self.sample_rate = sample_rate
        self.n_samples = 0
        self.peak = 0.0
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - lives with the object
        for block in _resample(decoded, sample_rate):
            self._file.write(block.tobytes())
            self.n_samples += len(block)
            self.peak = max(self.peak, float(np.abs(block).max(initial=0)))


def _resample(decoded: Recording, sample_rate: int) -> Iterator[NDArray[np.float32]]:
    import soxr

    resampler = soxr.ResampleStream(decoded.sample_rate, sample_rate, 1, dtype="float32", quality="HQ")
    for start in range(0, decoded.n_samples, RESAMPLED_AT_ONCE):
        stop = min(start + RESAMPLED_AT_ONCE, decoded.n_samples)
        yield resampler.resample_chunk(decoded.read(start, stop, normalise=False), last=stop == decoded.n_samples)
