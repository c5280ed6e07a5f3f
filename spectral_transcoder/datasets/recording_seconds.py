"""The whole seconds of a recording at several sample rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.sound.audio import IN_MEMORY_BYTES, Recording, normalise_peak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["RecordingSeconds"]

LONG_SAMPLES = IN_MEMORY_BYTES // 4
"""Recordings above it (6 min at 44.1 kHz) are not loaded whole, but decoded again for each sample rate."""


class RecordingSeconds:
    """A recording in seconds.

    At each sample rate the samples are those of `audio.load`, divided by the peak that the whole recording has at that
    rate. Memory does not grow with the length beyond `LONG_SAMPLES`.

    Parameters
    ----------
    own_rate
        sample rate of the file, Hz.
    sample_rates
        to resample to, Hz.

    Attributes
    ----------
    n_seconds : int
        whole seconds.
    notes : tuple of str
        as those of `Recording`.

    Raises
    ------
    UserError
        where the recording cannot be used.
    """

    def __init__(self, path: Path, *, own_rate: int, sample_rates: Sequence[int]) -> None:
        decoded = Recording(path, sample_rate=own_rate)
        self.n_seconds = decoded.n_samples // own_rate
        self.notes = decoded.notes
        self._readers = {rate: _reader(decoded, rate) for rate in sample_rates}

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
            seconds = {rate: read(start * rate, stop * rate) for rate, read in self._readers.items()}
            yield start, {rate: samples.reshape(-1, rate) for rate, samples in seconds.items()}


def _reader(decoded: Recording, sample_rate: int) -> Callable[[int, int], NDArray[np.float32]]:
    """A function that gives the samples from one to another, normalised."""
    if sample_rate == decoded.sample_rate:
        return decoded.read
    if decoded.n_samples > LONG_SAMPLES:
        return Recording(decoded.path, sample_rate=sample_rate).read

    import soxr

    samples = soxr.resample(decoded.read(normalise=False), decoded.sample_rate, sample_rate, quality="HQ")
    waveform = normalise_peak(samples)
    return lambda start, stop: waveform[start:stop]
