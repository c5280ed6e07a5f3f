"""Transforms of overlapping frames, a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["map_frames"]

BLOCK_SAMPLES = 2**19
"""Samples of frames that a CPU has in work at once, 2 MiB in float32, so that they stay in its cache."""


def map_frames(
    transform: Callable[[torch.Tensor], torch.Tensor], signal: torch.Tensor, *, frame_length: int, hop_length: int
) -> torch.Tensor:
    """Apply what needs one frame at a time to the frames of signals.

    Parameters
    ----------
    transform
        (n, n_frames, frame_length) → (n, n_frames, …)
    signal : (n, n_samples)

    Returns
    -------
    (n, n_frames, …)
    """
    frames = signal.unfold(-1, frame_length, hop_length)
    if signal.device.type != "cpu" or frames.numel() <= BLOCK_SAMPLES:
        return transform(frames)
    rows = max(1, BLOCK_SAMPLES // (frames.shape[1] * frame_length))
    columns = max(1, BLOCK_SAMPLES // frame_length)
    return torch.cat(
        [torch.cat([transform(block) for block in group.split(columns, dim=1)], dim=1) for group in frames.split(rows)]
    )
