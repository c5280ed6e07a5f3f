"""Recordings of any format, rate, channel count and length, as mono waveforms at the rate of a front end."""

from __future__ import annotations

import errno
import logging
import math
import os
import tempfile
import weakref
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.file_kinds import file_kind
from audiokit.files import readable
from audiokit.paths import AUDIO
from audiokit.sound.decoding import BLOCK_SAMPLES, mono_blocks
from audiokit.sound.heard import Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from numpy.typing import NDArray
    from soundfile import SoundFile

__all__ = ["BLOCK_SAMPLES", "Recording", "find_audio", "load", "normalise_peak", "write_wav"]

log = logging.getLogger(__name__)

LARGEST_WAV_BYTES = (1 << 32) - (1 << 16)
"""What is larger is written as RF64, whose sizes have 64 bits; otherwise the same."""

SAMPLE_BYTES = np.dtype(np.float32).itemsize

IN_MEMORY_BYTES = 64 << 20
"""A resampled recording up to this size (8 min at 32 kHz) stays in memory, a longer one goes to a temporary file."""


def find_audio(name: str | Path, folder: Path = AUDIO) -> Path:
    """Path of a recording: as given, or a bare name in the folder `audio/`.

    Raises
    ------
    UserError
        where there is no such file, or it is a folder.
    """
    given = Path(name)
    candidates = (given, folder / given) if given.parent == Path() else (given,)
    for path in candidates:
        if _exists(path, Path.is_file):
            return path
    if _exists(given, Path.is_dir):
        raise UserError(f"{given} is a folder: name the recordings in it, as in {given}/*.wav")
    if kind := file_kind(given):
        raise UserError(f"{given} is {kind}, not an audio file: save what comes from it, and give that")
    looked = " or ".join(str(path) for path in candidates)
    raise UserError(f"no recording {given}: looked for {looked}; give the path of an audio file")


def _exists(path: Path, is_kind: Callable[[Path], bool]) -> bool:
    try:
        return is_kind(path)
    except OSError:  # a name that no file can have
        return False


class Recording:
    """A recording as a mono waveform at one sample rate, read piece by piece.

    It is decoded and resampled once, to memory or to a temporary file that vanishes with the object, so that its length
    and peak are known and any piece can be read while the memory in use does not grow with the length. Channels are
    averaged; of channels that cancel each other the loudest is taken. What does not go beyond the rounding of the
    file's own numbers is silence: all samples are zero.

    Parameters
    ----------
    path
        anything that libsndfile reads.
    sample_rate
        to resample to, Hz (soxr HQ; the same samples whatever the block size).

    Attributes
    ----------
    n_samples : int
    peak : float
        largest magnitude; 0 for silence.
    notes : tuple of str
        what one should know of how it was read, to be said after its name.

    Raises
    ------
    UserError
        where the file is unreadable, empty, or holds samples that are not finite.
    """

    def __init__(self, path: str | Path, *, sample_rate: int) -> None:
        self.path = Path(path)
        self.sample_rate = sample_rate
        self.n_samples = 0
        self.peak = 0.0
        heard = self._decode(Heard())
        if (channel := heard.loudest_of_cancelling) is not None:
            heard = self._decode(Heard(channel=channel))
        self.n_samples = len(self._samples)
        if self.n_samples == 0:
            raise UserError(f"{self.path} holds no sound: 0 samples")
        if heard.is_silent:
            self.peak = 0.0
        self.notes = tuple(heard.all_notes())

    def _decode(self, heard: Heard) -> Heard:
        """Fill the store."""
        self._samples = _SampleStore()
        self.peak = 0.0
        for block in _resampled_blocks(self.path, self.sample_rate, heard):
            self._samples.append(block)
            if heard.sample_rate != self.sample_rate:
                self.peak = max(self.peak, float(block.max(initial=0)), -float(block.min(initial=0)))
        if heard.sample_rate == self.sample_rate:
            self.peak = heard.peak
        return heard

    def log_notes(self) -> None:
        """Log the notes as warnings, for callers that have no other way to tell them."""
        for note in self.notes:
            log.warning("%s: %s", readable(self.path), note)

    @property
    def seconds(self) -> float:
        """Duration, s."""
        return self.n_samples / self.sample_rate

    def read(self, start: int = 0, stop: int | None = None, *, normalise: bool = True) -> NDArray[np.float32]:
        """Samples from `start` to `stop`, (stop − start,); what lies beyond the end is zero.

        Parameters
        ----------
        start, stop
            in samples at `sample_rate`; all of it by default.
        normalise
            divide by the peak of the whole recording, as the original does; silence stays silence.
        """
        stop = self.n_samples if stop is None else stop
        if self.peak == 0:
            return np.zeros(stop - start, np.float32)
        samples = self._samples.read(start, min(stop, self.n_samples))
        if (n_missing := stop - start - len(samples)) > 0:
            samples = np.pad(samples, (0, n_missing))
        return _divide_by_peak(samples, self.peak) if normalise else samples


class _SampleStore:
    """Samples that come in blocks: in memory while they are few, in a temporary file that vanishes with the object."""

    def __init__(self) -> None:
        self._length = 0
        self._blocks: list[NDArray[np.float32]] = []
        self._file: BinaryIO | None = None

    def __len__(self) -> int:
        return self._length

    def append(self, block: NDArray[np.float32]) -> None:
        """Add samples at the end."""
        self._blocks.append(block)
        self._length += len(block)
        if self._file or self._length * block.itemsize > IN_MEMORY_BYTES:
            self._move_to_file()

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """A copy of the samples from `start` to `stop`; none where there are none."""
        count = max(0, stop - start)
        if self._file:
            self._file.seek(start * SAMPLE_BYTES)
            return np.fromfile(self._file, np.float32, count)
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        return np.array(self._blocks[0][start : start + count])

    def _move_to_file(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        for block in self._blocks:
            block.tofile(self._file)
        self._blocks = []


def load(path: str | Path, *, sample_rate: int, normalise: bool = True) -> NDArray[np.float32]:
    """Load a whole recording as mono waveform, (n_samples,) float32: `Recording.read` for short files.

    What one should know of how it was read is logged.
    """
    recording = Recording(path, sample_rate=sample_rate)
    recording.log_notes()
    return recording.read(normalise=normalise)


def normalise_peak(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide a waveform by its largest magnitude; silence stays silence."""
    return _divide_by_peak(waveform, float(np.abs(waveform).max(initial=0)))


@contextmanager
def write_wav(path: Path, sample_rate: int, *, n_samples: int) -> Iterator[SoundFile]:
    """Open a mono float32 wav file for writing piece by piece; RF64 where it will be too long for the sizes of WAV.

    Parameters
    ----------
    path
    sample_rate
        Hz
    n_samples
        that will be written.

    Raises
    ------
    OSError
        where the disk is full, as for any other file; libsndfile has an error of its own.
    """
    import soundfile

    kind = "RF64" if n_samples * SAMPLE_BYTES > LARGEST_WAV_BYTES else "WAV"
    layout = {"samplerate": sample_rate, "channels": 1, "subtype": "FLOAT", "format": kind}
    try:
        with soundfile.SoundFile(os.fsencode(path), "w", **layout) as file:
            yield file
    except soundfile.LibsndfileError as error:
        raise OSError(errno.ENOSPC, "the sound could not be written", str(path)) from error


def _divide_by_peak(waveform: NDArray[np.float32], peak: float) -> NDArray[np.float32]:
    # The bound is librosa's: below it a peak is rounding noise.
    return waveform if peak < np.finfo(np.float32).tiny else waveform / np.float32(peak)


def _resampled_blocks(path: Path, sample_rate: int, heard: Heard) -> Iterator[NDArray[np.float32]]:
    """Mono blocks at a sample rate."""
    blocks = mono_blocks(path, heard)
    first = next(blocks, None)  # from then on the rate is known
    if first is None:
        return iter(())
    blocks = chain([first], blocks)
    return blocks if heard.sample_rate == sample_rate else _resample(blocks, heard.sample_rate, sample_rate)


def _resample(blocks: Iterator[NDArray[np.float32]], from_rate: int, to_rate: int) -> Iterator[NDArray[np.float32]]:
    """Resample a signal that comes in blocks; it is as long as librosa makes it, the fraction rounded up."""
    import soxr

    resampler = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32", quality="HQ")
    n_in = n_out = 0
    for block in blocks:
        resampled = resampler.resample_chunk(block)
        n_in, n_out = n_in + len(block), n_out + len(resampled)
        yield resampled
    rest = resampler.resample_chunk(np.zeros(0, np.float32), last=True)
    n_missing = math.ceil(n_in * to_rate / from_rate) - n_out - len(rest)
    yield np.pad(rest, (0, n_missing)) if n_missing > 0 else rest[: len(rest) + n_missing]
