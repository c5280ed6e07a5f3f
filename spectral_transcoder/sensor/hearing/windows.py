"""Blocks of seconds, cut into windows that a teacher hears at once, and what is heard in these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd

__all__ = ["LONGEST_WINDOW", "join", "mean_over_windows", "whole_seconds"]

LONGEST_WINDOW = 10
"""Seconds that a teacher hears at once: what it was trained on."""


def join(chunks: torch.Tensor, front_end: MelFrontEnd) -> torch.Tensor:
    """Join transcoded seconds to the Mel spectrograms of windows, by the rule of fast-to-ears.

    Each second has as many frames as hops: what a chunk has more (PANN: 101 frames for 100 hops) is dropped, so that
    ten seconds have exactly 1000; what it has less (YamNet: 96) is filled up with zeros that no patch of YamNet's sees.

    Parameters
    ----------
    chunks : (n_windows, n_seconds, chunk_frames, n_mels)

    Returns
    -------
    (n_windows, n_seconds · frame_rate, n_mels)
    """
    n_hops = round(front_end.frame_rate)
    chunks = chunks[:, :, :n_hops]
    return functional.pad(chunks, (0, 0, 0, n_hops - chunks.shape[2])).flatten(1, 2)


def whole_seconds(seconds: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Seconds without a gap, (n_blocks, block_seconds, n_frames, 29) → (n_blocks, block_seconds)."""
    return np.isfinite(seconds).all(axis=(2, 3))


def mean_over_windows(
    seconds: NDArray[np.float32], score: Callable[[NDArray[np.float32]], NDArray[np.float32]], *, n_labels: int
) -> NDArray[np.float32]:
    """Scores of blocks: the mean of those of their windows, weighted with the seconds of each.

    Parameters
    ----------
    seconds : (n_blocks, block_seconds, n_frames, 29)
        NaN in gaps; seconds with a gap do not count.
    score
        gives scores of windows, (n_windows, n_seconds, n_frames, 29) → (n_windows, n_labels).
    n_labels

    Returns
    -------
    (n_blocks, n_labels); 0 where no second counts
    """
    n_blocks, block_seconds = seconds.shape[:2]
    length = min(block_seconds, LONGEST_WINDOW)
    n_windows = -(-block_seconds // length)
    whole = whole_seconds(seconds)
    in_window = np.pad(whole, ((0, 0), (0, n_windows * length - block_seconds))).reshape(-1, length)
    n_in_window = in_window.sum(axis=1)
    block_of = np.repeat(np.arange(n_blocks), n_windows)
    window_of = np.arange(block_seconds) // length + n_windows * np.arange(n_blocks)[:, None]
    totals = np.zeros((n_blocks, n_labels))
    # Windows with equally many seconds are computed together: nearly all have all.
    for count in np.unique(n_in_window[n_in_window > 0]):
        windows = np.flatnonzero(n_in_window == count)
        taken = whole & (n_in_window[window_of] == count)
        scores = score(seconds[taken].reshape(len(windows), count, *seconds.shape[2:]))
        np.add.at(totals, block_of[windows], count * scores)
    return (totals / np.maximum(whole.sum(axis=1), 1)[:, None]).astype(np.float32)
