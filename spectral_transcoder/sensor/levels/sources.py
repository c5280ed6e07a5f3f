"""What every file of third-octave levels looks like to the rest of this package: pieces of levels with times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from spectral_transcoder.sensor.times.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    import numpy as np
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.levels.calibrator import Calibration

__all__ = ["DEFAULT_DATASET", "LARGEST_UNREADABLE", "PIECE_FRAMES", "LevelSource", "Piece", "Reading", "Unreadable"]

PIECE_FRAMES = 1 << 14
"""Frames that are read at once: 34 min of fast levels, 1.9 MB."""

DEFAULT_DATASET = "fast_125ms"

LARGEST_UNREADABLE = 0.05
"""Share of a file's rows that may be unreadable."""


@dataclass(frozen=True)
class Reading:
    """How files are to be read, where they do not tell themselves."""

    dataset: str | None = None
    """Of HDF5 files; by default `fast_125ms`, or the only one with levels."""

    time_column: str | None = None
    """Name of the column of times; in HDF5 files the dataset, one value for each frame or, where levels are
    (chunks, frames, 29), for each chunk. By default it is found by its cells."""

    cadence: str | None = None
    """fast or slow; by default what the times say, and fast where there are none."""

    start: str | None = None
    """When the first frame was, for files without times: a date and time in ISO 8601, or seconds since 1970."""

    zone: str | None = None
    """Of times that have none: Europe/Paris, UTC or +02:00."""

    date_order: str | None = None
    """ymd, dmy or mdy, where dates do not tell."""

    weighting: str | None = None
    """A, C or Z, where the names of bands do not tell."""

    meter: str | None = None
    """One of `reading.meters.METERS`, where the file does not tell."""

    unreadable: float = LARGEST_UNREADABLE
    """Largest share of rows that cannot be read."""

    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    """What calibrators say, by the name of the sensor, "" where it has none; empty: levels are taken as they are."""


class Unreadable(NamedTuple):
    """A row that cannot be read, or that comes where it should not."""

    place: str
    """Such as "line 7"."""

    reason: str


@dataclass(frozen=True)
class Piece:
    """Successive frames."""

    levels: NDArray[np.float32]
    """(n, 29), dB as in the file; −inf where a band has no energy, NaN where nothing is known."""

    times: NDArray[np.float64]
    """(n,), s; NaN where a frame has none."""

    series: int = 0
    """Number of the series to which the frames belong; nothing is carried over from one series to the next."""

    lines: NDArray[np.int64] | None = None
    """(n,), where each is from in the file."""

    unreadable: tuple[Unreadable, ...] = ()
    """Rows in between that could not be read."""

    n_text: int = 0
    """Rows in between without any level: headers that come again, units, starts and stops."""

    n_placeholder: int = 0
    """Rows in between in which one value stands in all bands for no level."""


class LevelSource(ABC):
    """A file of third-octave levels.

    Attributes
    ----------
    name : str
        for messages.
    hop_seconds : float
        from one frame to the next as everything behind the reading gets them: 0.125 or 1.
    cadence : float or None
        the same in the file, where it is another.
    n_frames : int or None
        in all; an estimate where nobody can know before all is read, None where there is not even that.
    clock : Clock
        what times count from.
    zone : tzinfo or None
        of the clock of the file; None where nobody knows, or it is UTC.
    description : str
        as what the file is read; empty for bare arrays.
    notes : tuple of str
        a line each for what the user should know.
    is_chunked : bool
        whether it is made of several series, which have nothing to do with each other.
    is_interleaved : bool
        whether frames of one series may come after those of another began.
    series_names : mapping
        of series that have one; it grows while the file is read.
    line_word : str
        what `Piece.lines` counts.
    largest_unreadable : float
        share of rows that may be unreadable.
    can_be_read_again : bool
    has_times : bool
        whether the file tells them.
    calibrations : mapping
        by the name of the series: what `frames` adds to levels and leaves out.
    """

    name: str
    hop_seconds: float
    cadence: float | None = None
    n_frames: int | None = None
    clock: Clock = Clock.BEGINNING
    zone: tzinfo | None = None
    description: str = ""
    notes: tuple[str, ...] = ()
    is_chunked: bool = False
    is_interleaved: bool = False
    series_names: Mapping[int, str] = {}
    line_word: str = "line"
    largest_unreadable: float = LARGEST_UNREADABLE
    can_be_read_again: bool = True
    has_times: bool = False
    calibrations: Mapping[str, Calibration] = {}

    def sensor_of(self, series: int) -> str:
        """Name of the sensor that a series is of; "" where series have no names, all being of one."""
        return self.series_names.get(series, "")

    def part_of(self, series: int) -> int:
        """Number of the part of the file that a series is of; frames of parts come one part after the other."""
        return 0

    def measured_bands(self, series: int) -> slice:
        """From the first to the last band that the meter of a series has; others are continued from these."""
        return slice(None)

    @abstractmethod
    def pieces(self) -> Iterator[Piece]:
        """Read from the beginning, a piece after the other, in the cadence of the file.

        Raises
        ------
        UserError
            where something cannot be read.
        """
