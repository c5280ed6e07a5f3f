"""What a recording gives: third octaves, Mel spectrograms of the teacher and of transcoders, and scores of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from audiokit.errors import UserError
from audiokit.sound.audio import Recording
from audiokit.sound.mel import concatenate
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import FAST, SAMPLE_RATE, third_octave
from spectral_transcoder.transcoding import CHUNK_SAMPLES, transcode, transcode_aligned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import nn

    from audiokit.sound.mel import MelFrontEnd
    from teachers.registry import Teacher

__all__ = ["GROUND_TRUTH", "Block", "Source", "analyse", "analyse_as_published"]

GROUND_TRUTH = "groundtruth_mel"
"""Name of the teacher's own Mel spectrogram among those of the transcoders."""

LONGEST_BLOCK_SECONDS = 10
"""What the teachers were trained on."""


@dataclass(frozen=True)
class Block:
    """A stretch of a recording, analysed."""

    seconds: float
    third_octave: torch.Tensor
    """(n_frames, 29), dB"""

    mels: dict[str, torch.Tensor]
    """Name → (n_frames, n_mels), on the teacher's log scale."""

    scores: dict[str, torch.Tensor]
    """Name → (n_labels,); empty without a teacher."""


class Source:
    """A recording at the two rates that are needed: of the third octaves, and of the teacher.

    Recordings shorter than a second are continued with silence to that length, for the analysis only.

    Raises
    ------
    UserError
        where the recording cannot be read, or makes not one third-octave frame.
    """

    def __init__(self, path: Path, front_end: MelFrontEnd) -> None:
        self.front_end = front_end
        self.sensor = Recording(path, sample_rate=SAMPLE_RATE)
        if self.sensor.n_samples < FAST.hop_length:
            raise UserError(
                f"{path} is too short ({self.sensor.seconds:.4g} s): a third-octave frame takes {FAST.hop_seconds} s"
            )
        same_rate = front_end.sample_rate == SAMPLE_RATE
        self.teacher = self.sensor if same_rate else Recording(path, sample_rate=front_end.sample_rate)

    @property
    def n_samples(self) -> int:
        """Analysed samples at 32 kHz."""
        return max(self.sensor.n_samples, SAMPLE_RATE)

    @property
    def n_frames(self) -> int:
        """Frames of the teacher's Mel spectrogram."""
        return self.front_end.n_frames(max(self.teacher.n_samples, self.front_end.sample_rate))


def analyse(
    source: Source, transcoders: Mapping[str, nn.Module], *, teacher: Teacher | None, device: torch.device
) -> Iterator[Block]:
    """Analyse a recording in blocks of about 10 s, with the frames of all Mel spectrograms on the teacher's.

    Parameters
    ----------
    transcoders
        by name, on `device`.
    teacher
        on `device`; without one there are no scores.

    Yields
    ------
    Block
        successive ones. A block's scores are the teacher's on its own Mel spectrogram, and by the published rule
        (`Teacher.chunk_scores`) on the transcoded ones.
    """
    front_end = source.front_end
    bounds = _block_bounds(source.n_samples, _block_seconds(front_end))
    for start, stop in bounds:
        is_last = stop == source.n_samples
        first = round(start / SAMPLE_RATE * front_end.frame_rate)
        last = source.n_frames if is_last else round(stop / SAMPLE_RATE * front_end.frame_rate)
        waveform = torch.from_numpy(source.sensor.read(start, stop)).to(device)
        with torch.inference_mode():
            mels = {GROUND_TRUTH: _teacher_mel(source, first, last, device)}
            scores = {GROUND_TRUTH: teacher.scores(mels[GROUND_TRUTH][None])[0]} if teacher else {}
            for name, transcoder in transcoders.items():
                chunks = transcode(transcoder, waveform)
                mels[name] = _aligned(transcoder, chunks, waveform, front_end, last - first)
                if teacher:
                    scores[name] = teacher.chunk_scores(chunks)
            yield Block((stop - start) / SAMPLE_RATE, third_octave(waveform), mels, scores)


def analyse_as_published(
    source: Source, transcoders: Mapping[str, nn.Module], *, teacher: Teacher | None, device: torch.device
) -> Block:
    """Analyse a whole recording at once as the original does, each Mel spectrogram with its own number of frames."""
    waveform = torch.from_numpy(source.sensor.read(0, source.n_samples)).to(device)
    n_samples = max(source.teacher.n_samples, source.front_end.sample_rate)
    with torch.inference_mode():
        own = source.front_end(torch.from_numpy(source.teacher.read(0, n_samples)).to(device))
        mels = {GROUND_TRUTH: own}
        scores = {GROUND_TRUTH: teacher.scores(own[None])[0]} if teacher else {}
        for name, transcoder in transcoders.items():
            chunks = transcode(transcoder, waveform)
            # The original keeps every frame of PINV's chunks and drops one a second of the others.
            mels[name] = chunks.flatten(0, 1) if isinstance(transcoder, Pinv) else concatenate(chunks, source.front_end)
            if teacher:
                scores[name] = teacher.chunk_scores(chunks)
        return Block(source.n_samples / SAMPLE_RATE, third_octave(waveform), mels, scores)


def _block_seconds(front_end: MelFrontEnd) -> int:
    """Longest whole number of seconds that is a whole number of hops too, for hops that do not divide a second."""
    return next(
        seconds
        for seconds in range(LONGEST_BLOCK_SECONDS, 0, -1)
        if seconds * front_end.sample_rate % front_end.hop_length == 0
    )


def _block_bounds(n_samples: int, block_seconds: int) -> list[tuple[int, int]]:
    """Start and stop of each block at 32 kHz; what is left over below a second belongs to the last."""
    n_seconds = n_samples // CHUNK_SAMPLES
    starts = range(0, n_seconds * CHUNK_SAMPLES, block_seconds * CHUNK_SAMPLES)
    return list(zip(starts, [*starts[1:], n_samples], strict=True))


def _teacher_mel(source: Source, first: int, last: int, device: torch.device) -> torch.Tensor:
    """Frames `first` to `last` of the whole recording's Mel spectrogram, from the samples that they need."""
    front_end = source.front_end
    hop = front_end.hop_length
    context = -(-front_end.n_fft // (2 * hop))
    before = min(context, first)
    start = (first - before) * hop
    n_samples = max(source.teacher.n_samples, front_end.sample_rate)
    stop = n_samples if last == source.n_frames else min((last + context) * hop, n_samples)
    waveform = torch.from_numpy(source.teacher.read(start, stop)).to(device)
    return front_end(waveform)[before : before + last - first]


def _aligned(
    transcoder: nn.Module, chunks: torch.Tensor, waveform: torch.Tensor, front_end: MelFrontEnd, n_frames: int
) -> torch.Tensor:
    if isinstance(transcoder, Pinv):
        # PINV spreads its frames evenly over a second: as many as there are hops fall on the hops.
        transcoder = Pinv(front_end, n_frames=round(front_end.frame_rate)).to(waveform.device)
        chunks = None
    else:
        chunks = chunks[: waveform.shape[-1] // CHUNK_SAMPLES]
    return transcode_aligned(transcoder, waveform, front_end, n_frames=n_frames, whole_chunks=chunks)
