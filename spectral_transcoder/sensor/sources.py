"""What every file of third-octave levels looks like to the rest of this package: pieces of levels with times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectral_transcoder.sensor.clock import Clock
from spectral_transcoder.third_octave import FAST, SLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CADENCES", "PIECE_FRAMES", "LevelSource", "Piece", "Reading"]

CADENCES = {"fast": FAST.hop_seconds, "slow": SLOW.hop_seconds}
"""Seconds from one frame to the next."""

PIECE_FRAMES = 1 << 14
"""Frames that are read at once: 34 min of fast levels, 1.9 MB."""


@dataclass(frozen=True)
class Reading:
    """How files are to be read, where they do not tell themselves."""

    dataset: str = "fast_125ms"
    """Of HDF5 files."""

    time_column: str | None = None
    """Name of the column of times; in HDF5 files the dataset, one value for each frame or, where levels are
    (chunks, frames, 29), for each chunk."""

    cadence: str | None = None
    """fast or slow; by default what the times say, and fast where there are none."""

    start: str | None = None
    """When the first frame was, for files without times: a date and time in ISO 8601, or seconds since 1970."""


@dataclass(frozen=True)
class Piece:
    """Successive frames."""

    levels: NDArray[np.float32]
    """(n, 29), dB as in the file; −inf where a band has no energy or is not there, NaN where nothing is known."""

    times: NDArray[np.float64]
    """(n,), s; NaN where a frame has none."""

    series: int = 0
    """Number of the series to which the frames belong; nothing is carried over from one series to the next."""


class LevelSource(ABC):
    """A file of third-octave levels.

    Attributes
    ----------
    name : str
        for messages.
    hop_seconds : float
        from one frame to the next: 0.125 or 1.
    n_frames : int or None
        in all; an estimate where nobody can know before all is read, None where there is not even that.
    clock : Clock
        what times count from.
    notes : tuple of str
        a line each for what the user should know.
    is_chunked : bool
        whether it is made of several series, which have nothing to do with each other.
    can_be_read_again : bool
    """

    name: str
    hop_seconds: float
    n_frames: int | None = None
    clock: Clock = Clock.BEGINNING
    notes: tuple[str, ...] = ()
    is_chunked: bool = False
    can_be_read_again: bool = True

    @abstractmethod
    def pieces(self) -> Iterator[Piece]:
        """Read from the beginning, a piece after the other.

        Raises
        ------
        UserError
            where something cannot be read.
        """
