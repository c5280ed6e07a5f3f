"""Recordings of any length through a transcoder that takes one second at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from spectral_transcoder.third_octave import SAMPLE_RATE, third_octave

if TYPE_CHECKING:
    from audiokit.sound.mel import MelFrontEnd

__all__ = [
    "CHUNK_SAMPLES",
    "align_chunks",
    "transcode",
    "transcode_aligned",
    "transcode_levels",
]

CHUNK_SAMPLES = SAMPLE_RATE
"""One second, what the transcoders are trained on."""

CPU_CNN_BATCH_SIZE = 4
"""Of a CNN's maps of so many seconds a CPU's cache holds a part: 1.6 times as fast as 64."""

CPU_BATCH_SIZE = 40
"""Other transcoders make few numbers of a second."""

GPU_BATCH_SIZE = 512


def transcode_levels(transcoder: nn.Module, levels: torch.Tensor, *, batch_size: int | None = None) -> torch.Tensor:
    """Transcode third-octave chunks in batches.

    Parameters
    ----------
    levels : (n_chunks, n_frames, 29)
        in dB; n_chunks may be zero.
    batch_size
        what suits transcoder and device by default.

    Returns
    -------
    (n_chunks, chunk_frames, n_mels)
    """
    batch_size = batch_size or _suitable_batch_size(transcoder, levels.device)
    # A batch of none tells the shape where there is nothing to transcode.
    batches = levels.split(batch_size) if len(levels) else (levels,)
    return torch.cat([transcoder(batch) for batch in batches])


def _suitable_batch_size(transcoder: nn.Module, device: torch.device) -> int:
    if device.type != "cpu":
        return GPU_BATCH_SIZE
    has_maps = any(isinstance(layer, nn.Conv2d) for layer in transcoder.modules())
    return CPU_CNN_BATCH_SIZE if has_maps else CPU_BATCH_SIZE


def transcode(transcoder: nn.Module, waveform: torch.Tensor, *, batch_size: int | None = None) -> torch.Tensor:
    """Transcode waveforms chunk by chunk, by the published rule.

    Parameters
    ----------
    waveform : (..., n_samples)
        at 32 kHz.

    Returns
    -------
    (..., n_chunks, chunk_frames, n_mels)
        one chunk a second. What is left over is a chunk of its own, padded with zeros to its own third-octave frames
        and then stretched to a second; below 97 samples it makes no frame and is dropped (the original crashed).
    """
    *batch, n_samples = waveform.shape
    n_whole = n_samples // CHUNK_SAMPLES
    waveforms = waveform.reshape(math.prod(batch), n_samples)
    seconds = waveforms[:, : n_whole * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    whole = transcode_levels(transcoder, third_octave(seconds), batch_size=batch_size)
    chunks = [whole.reshape(len(waveforms), n_whole, *whole.shape[1:])]
    remainder = third_octave(waveforms[:, n_whole * CHUNK_SAMPLES :])
    if remainder.shape[1] > 0:
        chunks.append(transcoder(remainder)[:, None])
    joined = torch.cat(chunks, dim=1)
    return joined.reshape(*batch, *joined.shape[1:])


def transcode_aligned(
    transcoder: nn.Module,
    waveform: torch.Tensor,
    front_end: MelFrontEnd,
    *,
    n_frames: int,
    whole_chunks: torch.Tensor | None = None,
    batch_size: int | None = None,
) -> torch.Tensor:
    """Transcode a waveform to the frames at which the teacher's own Mel spectrogram has them.

    For listening and looking, where the published rule would drift: what is left over after whole seconds is
    transcoded as the end of the recording's last second, and the frames that YamNet's chunks leave out (4 in 100) are
    interpolated.

    Parameters
    ----------
    waveform : (n_samples,)
        at 32 kHz, one second at least.
    n_frames
        of the result.
    whole_chunks : (n_whole_seconds, chunk_frames, n_mels) or None
        what `transcode` has made of the whole seconds, where that is at hand.

    Returns
    -------
    (n_frames, n_mels)
    """
    n_samples = waveform.shape[-1]
    n_whole = n_samples // CHUNK_SAMPLES * CHUNK_SAMPLES
    chunks = transcode(transcoder, waveform[:n_whole], batch_size=batch_size) if whole_chunks is None else whole_chunks
    starts = list(range(0, n_whole, CHUNK_SAMPLES))
    hop = SAMPLE_RATE / front_end.frame_rate
    if n_whole < n_samples:
        # On a hop, so that its frames fall on those of the other chunks.
        starts.append(int((n_samples - CHUNK_SAMPLES) // hop * hop))
        chunks = torch.cat([chunks, transcode(transcoder, waveform[starts[-1] : starts[-1] + CHUNK_SAMPLES])])
    first_frames = [round(start / hop) for start in starts]
    ends = [*(round((start + CHUNK_SAMPLES) / hop) for start in starts[:-1]), n_frames]
    return _lay_out(chunks, first_frames, ends)


def align_chunks(chunks: torch.Tensor, front_end: MelFrontEnd) -> torch.Tensor:
    """Join the Mel spectrograms of successive whole seconds on the teacher's frames.

    As `transcode_aligned`, where there is no waveform.

    Parameters
    ----------
    chunks : (n_chunks, chunk_frames, n_mels)

    Returns
    -------
    (n_frames, n_mels), as many frames as there are hops in the seconds
    """
    bounds = [round(second * front_end.frame_rate) for second in range(len(chunks) + 1)]
    return _lay_out(chunks, bounds[:-1], bounds[1:])


def _lay_out(chunks: torch.Tensor, starts: list[int], ends: list[int]) -> torch.Tensor:
    """Put chunks on a common time line: each from where the one before ends, with gaps filled linearly."""
    pieces = []
    position = 0
    last_frame = chunks[0, 0]
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        piece = chunks[index, position - start : end - start]
        pieces.append(piece)
        last_frame = piece[-1] if len(piece) else last_frame
        n_missing = end - position - len(piece)
        if n_missing > 0:
            next_frame = chunks[index + 1, 0] if index + 1 < len(chunks) else last_frame
            weights = torch.arange(1, n_missing + 1).to(piece)[:, None] / (n_missing + 1)
            pieces.append(torch.lerp(last_frame[None], next_frame[None], weights))
        position = end
    return torch.cat(pieces)
