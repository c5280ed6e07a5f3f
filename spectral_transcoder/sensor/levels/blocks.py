"""Levels divided into blocks in which gaps stay gaps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.levels.frames import frames
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Self

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.levels.quality import Quality
    from spectral_transcoder.sensor.levels.sources import LevelSource

__all__ = ["Blocks", "divide"]


@dataclass(frozen=True)
class Blocks:
    """Successive blocks of one series, each `frames_per_block` long, on a grid that begins with the series."""

    levels: NDArray[np.float32]
    """(n, frames_per_block, 29), dB; NaN where a frame is missing or wrong."""

    times: NDArray[np.float64]
    """(n,), of the beginning of each, s."""

    extents: NDArray[np.integer]
    """(n,), frames that belong to the series: all of a block, but for the last, which ends where the series does."""

    series: int

    def parts(self, n_blocks: int) -> Iterator[Self]:
        """At most so many at a time."""
        for start in range(0, len(self.times), n_blocks):
            some = slice(start, start + n_blocks)
            yield replace(self, levels=self.levels[some], times=self.times[some], extents=self.extents[some])


def divide(source: LevelSource, *, frames_per_block: int, quality: Quality) -> Iterator[Blocks]:
    """Divide the levels of a source into blocks.

    Frames follow each other where their times are a cadence apart, jitter and drift of the clock put aside; where more
    is between them, the frames in between are missing. Blocks in which there is no frame at all are left out.

    Parameters
    ----------
    quality
        where what is found is counted.

    Raises
    ------
    UserError
        as `frames` does.
    """
    grids: dict[int, _Grid] = {}
    for piece in frames(source, quality):
        if piece.series not in grids:
            if not source.is_interleaved:
                # Nothing more will come of the others.
                for grid in grids.values():
                    yield from grid.finish()
                grids.clear()
            grids[piece.series] = _Grid(source, frames_per_block, piece.series, quality)
        yield from grids[piece.series].add(piece.levels, piece.times)
    for grid in grids.values():
        yield from grid.finish()


@dataclass
class _Grid:
    """The blocks of one series, and the frames of the one that is not yet full."""

    source: LevelSource
    frames_per_block: int
    series: int
    quality: Quality
    position: int = -1
    """Of the last frame."""

    last_time: float = np.nan
    levels: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, N_BANDS), np.float32))
    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    positions: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def add(self, levels: NDArray[np.float32], times: NDArray[np.float64]) -> Iterable[Blocks]:
        """Take in successive frames; gives the blocks that are full."""
        if not len(times):
            return ()
        self.levels = np.concatenate([self.levels, levels])
        self.positions = np.concatenate([self.positions, self._place(times)])
        self.times = np.concatenate([self.times, times])
        # A block is full once there is a frame behind it, or its last one.
        n_full = np.searchsorted(self.positions, (self.position + 1) // self.frames_per_block * self.frames_per_block)
        return self._take(int(n_full))

    def finish(self) -> Iterable[Blocks]:
        """Give the last block, as long as it is."""
        return self._take(len(self.positions))

    def _place(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """The position of each frame on the grid; what is missing between them is counted."""
        hop = self.source.hop_seconds
        before = times[0] - hop if self.position < 0 else self.last_time
        steps = np.diff(times, prepend=before) / hop
        advance = np.maximum(1, np.rint(steps)).astype(np.int64)
        missing = advance - 1
        self.quality.n_gaps += int((missing > 0).sum())
        self.quality.n_missing += int(missing.sum())
        self.quality.longest_gap = max(self.quality.longest_gap, int(missing.max()))
        positions = self.position + np.cumsum(advance)
        self.position = int(positions[-1])
        self.last_time = float(times[-1])
        return positions

    def _take(self, n_frames: int) -> Iterable[Blocks]:
        """The blocks of the first held frames, which are held no longer."""
        if not n_frames:
            return ()
        size = self.frames_per_block
        positions = self.positions[:n_frames]
        numbers, firsts, rows = np.unique(positions // size, return_index=True, return_inverse=True)
        levels = np.full((len(numbers), size, N_BANDS), np.nan, np.float32)
        levels[rows, positions % size] = self.levels[:n_frames]
        times = self.times[firsts] - positions[firsts] % size * self.source.hop_seconds
        extents = np.full(len(numbers), size)
        if n_frames == len(self.positions):
            # Nothing is held beyond: what is behind the last frame may belong to the next piece, or to no one.
            extents[-1] = positions[-1] % size + 1
        self.levels, self.times, self.positions = (
            held[n_frames:] for held in (self.levels, self.times, self.positions)
        )
        return (Blocks(levels, times, extents, self.series),)
