"""Levels in bare arrays: (frames, 29), or (chunks, frames, 29), where each chunk is a series of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels import sources
from spectral_transcoder.sensor.levels.quality import are_placeholders
from spectral_transcoder.sensor.levels.sources import LevelSource, Piece, Reading
from spectral_transcoder.sensor.times.cadence import CADENCES
from spectral_transcoder.sensor.times.clock import Clock, begins_at, parse_time
from spectral_transcoder.sensor.times.zones import parse_zone
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

__all__ = ["ArraySource"]


class ArraySource(LevelSource):
    """An array of levels without times, or of chunks with a time each.

    Parameters
    ----------
    opening
        gives a context manager for the array, to be sliced.
    name
        for messages.
    reading
        how.
    default_cadence
        fast or slow, where `reading` does not say.
    chunk_times : (n_chunks,) or None
        beginnings of the chunks, s, and what they count from.
    """

    def __init__(
        self,
        opening: Callable[[], AbstractContextManager[NDArray]],
        name: str,
        reading: Reading,
        *,
        default_cadence: str = "fast",
        chunk_times: tuple[NDArray[np.float64], Clock] | None = None,
    ) -> None:
        self.opening = opening
        self.name = name
        self.hop_seconds = CADENCES[reading.cadence or default_cadence]
        self.start = 0.0
        if reading.start is not None:
            zone = None if reading.zone is None else parse_zone(reading.zone)
            self.start, self.clock = parse_time(reading.start, zone)
        with opening() as levels:
            self._check(levels)
            self.shape = levels.shape
        self.n_frames = int(np.prod(self.shape[:-1]))
        self.is_chunked = len(self.shape) == 3
        self.chunk_starts = None
        if chunk_times is not None:
            self._count_from(*chunk_times, is_start_told=reading.start is not None)

    def pieces(self) -> Iterator[Piece]:
        """Slices of the array, each read when it is its turn."""
        shape, size = self.shape, sources.PIECE_FRAMES
        n_chunks, n_frames = shape[0] if self.is_chunked else 1, shape[-2]
        # Many short chunks at once, or a part of a long one.
        step = max(1, size // max(n_frames, 1))
        for chunk in range(0, n_chunks, step):
            for start in range(0, n_frames, size):
                rows = slice(start, min(start + size, n_frames))
                # Opened for each slice: of a mapped file, what was read would stay in memory.
                with self.opening() as levels:
                    taken = levels[chunk : chunk + step, rows] if self.is_chunked else levels[rows][None]
                    taken = np.array(taken, np.float32)
                times = self._times(chunk, start, taken.shape[:2])
                for number, (levels, its_times) in enumerate(zip(taken, times, strict=True), chunk):
                    kept = ~are_placeholders(levels)
                    n_placeholder = int((~kept).sum())
                    yield Piece(levels[kept], its_times[kept], number, n_placeholder=n_placeholder)

    def _count_from(self, chunk_starts: NDArray[np.float64], clock: Clock, *, is_start_told: bool) -> None:
        """Let times of chunks count; those without a date from when the first frame is said to have been."""
        if is_start_told and clock is Clock.BEGINNING:
            first = float(chunk_starts[0]) if len(chunk_starts) else 0.0
            self.chunk_starts = chunk_starts + (self.start - first)
            self.notes += (begins_at(first, self.start, self.clock),)
            return
        self.chunk_starts, self.clock = chunk_starts, clock
        if is_start_told:
            self.notes += ("its times have dates: --start is passed over",)

    def _times(self, chunk: int, frame: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Times of some frames of some chunks, of the shape of these."""
        n_chunks, n_frames = shape
        if self.chunk_starts is None:
            starts = self.start + self.hop_seconds * self.shape[-2] * (chunk + np.arange(n_chunks))
        else:
            starts = self.chunk_starts[chunk : chunk + n_chunks]
        return starts[:, None] + self.hop_seconds * (frame + np.arange(n_frames))

    def _check(self, levels: NDArray) -> None:
        shape = levels.shape
        if levels.dtype.kind not in "fiu":
            raise UserError(f"{self.name} holds no numbers (type {levels.dtype}): levels in dB are needed")
        if len(shape) not in (2, 3):
            raise UserError(f"{self.name} has the shape {shape}: (frames, 29) or (chunks, frames, 29) is needed")
        if shape[-1] != N_BANDS:
            turned = ": transpose it, bands come last" if shape[-2] == N_BANDS else " (20 Hz to 12.5 kHz)"
            raise UserError(f"{self.name} has the shape {shape}, where the last number should be 29{turned}")
