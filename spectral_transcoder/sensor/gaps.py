"""What is missing or wrong in levels, and their division into blocks in which gaps stay gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.errors import UserError
from spectral_transcoder.sensor.clock import Clock, text_of
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.sources import LevelSource, Piece

__all__ = ["LEVEL_RANGE_DB", "Blocks", "Quality", "clean", "divide"]

LEVEL_RANGE_DB = (-250.0, 200.0)
"""What levels can be, whatever they are relative to. Digital silence of our own third octaves is at −154."""

SAME_TIME = 0.1
"""Of a cadence: frames that are nearer to each other are one and the same."""

MOSTLY_WRONG = 0.5
"""Share of the first frames that are out of range, above which the file is taken for something else than levels."""


@dataclass
class Quality:
    """What was found in the frames of a source."""

    n_frames: int = 0
    n_repeated: int = 0
    """Frames with the time of the one before; passed over."""

    n_undated: int = 0
    """Frames without a time among others that have one; passed over."""

    n_unknown: int = 0
    """Frames with a level that is not a number; gaps."""

    n_out_of_range: int = 0
    """Frames with a level beyond `LEVEL_RANGE_DB`; gaps."""

    n_gaps: int = 0
    """Places where frames are missing between times."""

    n_missing: int = 0
    """Frames that are missing there."""

    longest_gap: int = 0
    """The most frames missing at one place."""

    def lines(self, hop_seconds: float) -> list[str]:
        """A line for each kind of problem that there is."""
        counted = (
            (self.n_repeated, "with the time of the one before: passed over"),
            (self.n_undated, "without a time: passed over"),
            (self.n_unknown, "with levels that are no numbers: gaps"),
            (self.n_out_of_range, "with levels below {:g} or above {:g} dB: gaps".format(*LEVEL_RANGE_DB)),
        )
        lines = [f"{count} of {self.n_frames} frames {text}" for count, text in counted if count]
        if self.n_gaps:
            missing, longest = (duration(count * hop_seconds) for count in (self.n_missing, self.longest_gap))
            lines.append(f"gaps between times: {self.n_gaps}, {missing} in all, the longest {longest}")
        return lines


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


def duration(seconds: float) -> str:
    """A duration for people to read."""
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / divisor:.4g} {unit}"
    return f"{seconds / 86400:.4g} days"


def clean(levels: NDArray[np.float32], quality: Quality) -> NDArray[np.float32]:
    """Make frames with a level that is unknown or out of range NaN as a whole, and count them.

    Parameters
    ----------
    levels : (n, 29)
        in dB; −inf is a band without energy, and right.
    """
    lowest, highest = LEVEL_RANGE_DB
    unknown = np.isnan(levels).any(axis=1)
    wrong = (((levels < lowest) & (levels != -np.inf)) | (levels > highest)).any(axis=1) & ~unknown
    quality.n_frames += len(levels)
    quality.n_unknown += int(unknown.sum())
    quality.n_out_of_range += int(wrong.sum())
    bad = unknown | wrong
    return np.where(bad[:, None], np.float32(np.nan), levels) if bad.any() else levels


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
        where times go backwards, or most of the first levels cannot be levels.
    """
    grid: _Grid | None = None
    for piece in source.pieces():
        dated = ~np.isnan(piece.times)
        n_undated = int((~dated).sum())
        quality.n_undated += n_undated
        quality.n_frames += n_undated
        levels = clean(piece.levels[dated], quality)
        if quality.n_out_of_range > MOSTLY_WRONG * quality.n_frames:
            raise UserError(_not_levels(source, piece))
        if grid is None or piece.series != grid.series:
            if grid is not None:
                yield from grid.finish()
            grid = _Grid(source, frames_per_block, piece.series, quality)
        yield from grid.add(levels, piece.times[dated])
    if grid is not None:
        yield from grid.finish()


def _not_levels(source: LevelSource, piece: Piece) -> str:
    lowest, highest = LEVEL_RANGE_DB
    known = piece.levels[np.isfinite(piece.levels)]
    return (
        f"{source.name}: levels from {known.min():g} to {known.max():g} cannot be dB ({lowest:g} to {highest:g}): "
        "divide what is in hundredths by 100, and take 10·log10 of what is energy"
    )


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
        kept, positions = self._place(times)
        self.levels = np.concatenate([self.levels, levels[kept]])
        self.times = np.concatenate([self.times, times[kept]])
        self.positions = np.concatenate([self.positions, positions[kept]])
        # A block is full once there is a frame behind it, or its last one.
        n_full = np.searchsorted(self.positions, (self.position + 1) // self.frames_per_block * self.frames_per_block)
        return self._take(int(n_full))

    def finish(self) -> Iterable[Blocks]:
        """Give the last block, as long as it is."""
        return self._take(len(self.positions))

    def _place(self, times: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which frames to keep, and the position of each on the grid."""
        hop = self.source.hop_seconds
        before = times[0] - hop if self.position < 0 else self.last_time
        steps = np.diff(times, prepend=before) / hop
        backwards = np.flatnonzero(steps <= -SAME_TIME)
        if len(backwards):
            index = backwards[0]
            earlier = times[index - 1] if index else before
            raise UserError(self._unsorted(times[index], earlier))
        repeated = steps < SAME_TIME
        advance = np.where(repeated, 0, np.maximum(1, np.rint(steps))).astype(np.int64)
        positions = self.position + np.cumsum(advance)
        missing = np.maximum(advance - 1, 0)
        self.quality.n_repeated += int(repeated.sum())
        self.quality.n_gaps += int((missing > 0).sum())
        self.quality.n_missing += int(missing.sum())
        self.quality.longest_gap = max(self.quality.longest_gap, int(missing.max()))
        self.position = int(positions[-1])
        self.last_time = float(times[-1])
        return ~repeated, positions

    def _unsorted(self, time: float, earlier: float) -> str:
        clock = self.source.clock
        hint = "" if clock is Clock.UTC else ", and write times in UTC if clocks were put back"
        return (
            f"{self.source.name}: {text_of(time, clock)} comes after {text_of(earlier, clock)}: "
            f"sort the rows by time{hint}"
        )

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
