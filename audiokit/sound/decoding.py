"""Sound files decoded block by block, to mono, with what one should know of how they were read."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.file_kinds import file_kind, is_regular
from audiokit.sound.lengths.mended_file import MendedFile
from audiokit.sound.lengths.mpeg import mp3_samples
from audiokit.sound.lengths.ogg import ogg_end
from audiokit.sound.lengths.reading import read_sample_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from soundfile import SoundFile

    from audiokit.sound.heard import Heard
    from audiokit.sound.lengths.sample_bytes import SampleBytes

__all__ = ["BLOCK_SAMPLES", "UNKNOWN_FRAMES", "mono_blocks", "opened", "sample_blocks"]

BLOCK_SAMPLES = 1 << 18
"""Samples that are decoded at once, of all channels together."""

LOWEST_RATE = 1000
"""Hz; a header that says less is damaged."""

LARGEST = 2.0**33
"""Of full scale; integers of 32 bits that were taken for floats end below it, what is no sound goes beyond."""

FLAC_STEP = 1 << 10
"""Samples of a channel that are read at once where the next is damaged."""

UNKNOWN_FRAMES = 1 << 62
"""From here on a number of frames stands for an unknown one, as streaming encoders leave it."""

STEP = {"PCM_S8": 2**-7, "PCM_U8": 2**-7, "PCM_16": 2**-15, "PCM_24": 2**-23, "PCM_32": 2**-31}
STEP |= {"ULAW": 2**-12, "ALAW": 2**-12, "ALAC_16": 2**-15, "ALAC_24": 2**-23}
"""Least difference between samples, of full scale …"""

FLOAT_STEP = 2**-24
"""… and that of formats without one: the rounding of single precision beside a sample of full scale."""

SHORT_SECONDS = 0.1
"""What is missing up to here is not told: decoders of lossy formats differ by it."""


def mono_blocks(path: Path, heard: Heard) -> Iterator[NDArray[np.float32]]:
    """Decoded blocks of a file, mixed to mono, each checked.

    Parameters
    ----------
    path
        anything that libsndfile reads.
    heard
        is filled while the blocks come: the sample rate before the first, the notes on the file with the last.

    Raises
    ------
    UserError
        where the file is unreadable, or holds samples that are not finite, or are too large for any sound.
    """
    with opened(path) as (file, notes):
        heard.step = STEP.get(file.subtype, FLOAT_STEP)
        heard.sample_rate = file.samplerate
        for block in sample_blocks(path, file, notes):
            mono = _mono(block, heard.channel)
            _check_finite(mono, path, first=heard.n_frames, sample_rate=file.samplerate)
            heard.add(block, mono)
            if heard.peak > LARGEST:
                raise UserError(
                    f"{path} holds samples of {heard.peak:.0e} times full scale: it is damaged, or no sound; export it "
                    "again"
                )
            yield mono
        told = file.frames
        heard.notes = notes
        unsaid = 0 if file.format == "FLAC" else SHORT_SECONDS * file.samplerate
        if told < UNKNOWN_FRAMES and told - heard.n_frames > unsaid:
            heard.notes.append(_missing(heard.n_frames / file.samplerate, told / file.samplerate))


def sample_blocks(path: Path, file: SoundFile, notes: list[str]) -> Iterator[NDArray[np.float32]]:
    """Blocks of all channels of an opened file, (n, n_channels): of a damaged FLAC what comes before the fault.

    Parameters
    ----------
    path, file, notes
        as `opened` gives them; a note is added where the file breaks off and told no length.
    """
    import soundfile

    n_at_once = max(1, BLOCK_SAMPLES // file.channels)
    n_read = 0
    try:
        while len(block := file.read(n_at_once, dtype="float32", always_2d=True)):
            n_read += len(block)
            yield block
    except soundfile.LibsndfileError:
        if file.format != "FLAC":
            raise
        # Each frame of FLAC has a checksum: what comes before a fault is right.
        rest = _before_the_fault(path, n_read, n_at_once)
        if n_read + len(rest) == 0:
            raise
        if file.frames >= UNKNOWN_FRAMES:
            notes.append(f"it breaks off after {(n_read + len(rest)) / file.samplerate:.4g} s: the rest is missing")
        if len(rest):
            yield rest


def _before_the_fault(path: Path, start: int, n_at_once: int) -> NDArray[np.float32]:
    """What can be read from `start` on, (n, n_channels), in steps that are small beside a second."""
    import soundfile

    with _open(path, None) as file:
        for first in range(0, start, n_at_once):
            file.read(min(n_at_once, start - first), dtype="float32")
        steps = [np.zeros((0, file.channels), np.float32)]
        with suppress(soundfile.LibsndfileError):
            while len(step := file.read(FLAC_STEP, dtype="float32", always_2d=True)):
                steps.append(step)
    return np.concatenate(steps)


@cache
def _forward() -> type[SoundFile]:
    """Files that are read without a jump: where the length is unknown there is none."""
    import soundfile

    class Forward(soundfile.SoundFile):
        def seekable(self) -> bool:
            return False

    return Forward


@contextmanager
def opened(path: Path) -> Iterator[tuple[SoundFile, list[str]]]:
    """Open a file for reading from its beginning to its end, and give notes on what its header says.

    Raises
    ------
    UserError
        where it is no sound file that can be read.
    """
    import soundfile

    try:
        if not is_regular(path):
            raise UserError(f"{path} is {file_kind(path)}, not an audio file")
        found = read_sample_bytes(path)
        with ExitStack() as stack:
            file = stack.enter_context(_open(path, found))
            if file.format == "MP3" and (found := mp3_samples(path, file.frames)):
                file = stack.enter_context(_open(path, found))
            if file.samplerate < LOWEST_RATE:
                raise UserError(f"{path} says that it has {file.samplerate} samples a second: its header is damaged")
            seconds = file.frames / file.samplerate
            yield file, [*_notes_on(found, seconds), *(_notes_on_end(path, seconds) if file.format == "OGG" else ())]
    except (soundfile.SoundFileError, TypeError, ValueError, OSError) as error:
        raise UserError(_refusal(path, error)) from error


@contextmanager
def _open(path: Path, found: SampleBytes | None) -> Iterator[SoundFile]:
    """Open a file so that all that was found in it is read."""
    if found and found.mending:
        with MendedFile(path, found.mending) as mended, _forward()(mended) as file:
            yield file
    else:
        with _forward()(os.fsencode(path)) as file:  # a name in bytes also where it is no UTF-8
            yield file


def _notes_on(found: SampleBytes | None, seconds: float) -> list[str]:
    """What to tell of a header that says another length than is there."""
    if found is None or found.told is None or not found.there:
        return []
    told = seconds * found.told / found.there
    if found.is_longer:
        was = f"tells {told:.3g} s" if found.told else "was never finished"
        return [f"its header {was}: all {seconds:.4g} s that are there are read"]
    return [_missing(seconds, told)] if told - seconds > SHORT_SECONDS else []


def _notes_on_end(path: Path, seconds: float) -> list[str]:
    """What to tell of an Ogg file that does not end where its stream does."""
    end = ogg_end(path)
    if end and end.has_more:
        return [f"several recordings are joined in it: only the first, {seconds:.4g} s, is read"]
    return [f"it breaks off after {seconds:.4g} s: the rest is missing"] if end and end.is_cut else []


def _missing(seconds: float, told: float) -> str:
    return f"there are only {seconds:.4g} of the {told:.4g} s that its header tells: the rest is missing or damaged"


def _refusal(path: Path, error: Exception) -> str:
    """Why a file cannot be read, in a line."""
    reason = str(getattr(error, "error_string", "") or getattr(error, "strerror", "") or error).strip(" .\n")
    if "possibly a pipe" in reason:  # libsndfile's words for an MP3 of which no two frames are there
        reason = "its length cannot be told"
    if kind := file_kind(path):
        return f"cannot read {path} ({reason}): it is {kind}"
    if isinstance(error, OSError):
        return f"cannot read {path} ({reason}): mend that and run again"
    return f"cannot read {path} ({reason}): it is damaged, cut off, or no audio file; give a wav, flac, ogg, mp3 …"


def _mono(block: NDArray[np.float32], channel: int | None) -> NDArray[np.float32]:
    if channel is not None:
        return np.ascontiguousarray(block[:, channel])
    return block.mean(axis=1, dtype=np.float32) if block.shape[1] > 1 else block[:, 0]


def _check_finite(samples: NDArray[np.float32], path: Path, *, first: int, sample_rate: int) -> None:
    with np.errstate(all="ignore"):
        # A sum is quicker, but may overflow where no sample does.
        if np.isfinite(samples.sum()) or np.isfinite(samples).all():
            return
    bad = int(np.flatnonzero(~np.isfinite(samples))[0])
    raise UserError(
        f"{path} holds samples that are not finite (NaN or infinity), the first at "
        f"{(first + bad) / sample_rate:.3f} s: export the recording again"
    )
