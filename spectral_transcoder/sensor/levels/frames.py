"""Frames of a source as all that is behind gets them: cleaned, in order of time, in one of the two cadences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels.quality import LEVEL_RANGE_DB, clean
from spectral_transcoder.sensor.levels.sources import Piece
from spectral_transcoder.sensor.times.clock import Clock, text_of
from spectral_transcoder.sensor.times.resampling import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.levels.quality import Quality
    from spectral_transcoder.sensor.levels.sources import LevelSource

__all__ = ["SAME_TIME", "TOO_FAST", "frames"]

SAME_TIME = 0.1
"""Of a cadence: frames that are nearer to each other are one and the same."""

MOSTLY_WRONG = 0.5
"""Share of the first frames that are out of range, above which the file is taken for something else than levels."""

TOO_FAST = 0.8
"""Of a cadence: steps that go on being shorter than this are another cadence, in which time would be stretched."""

EARLY = 0.5
"""Of a cadence: a frame that comes so soon after another is counted."""

MOST_BEHIND = 256
"""Frames that may come at once, as they do from a gateway that has stalled."""

STEPS_TOLD = 64
"""The last, of which the new cadence is told."""

ENOUGH_TO_TELL = 2000
"""Frames after which a file is given up if most of them are wrong."""


def frames(source: LevelSource, quality: Quality) -> Iterator[Piece]:
    """Frames of a source whose times rise, `source.hop_seconds` long; those that are wrong are NaN.

    Parameters
    ----------
    quality
        where what is found is counted.

    Raises
    ------
    UserError
        where too many rows cannot be read or go back in time, or most of the first levels cannot be levels.
    """
    orders: dict[int, _Order] = {}
    resamplers: dict[int, Resampler] = {}
    for piece in source.pieces():
        quality.add_unreadable(piece.unreadable)
        quality.n_text += piece.n_text
        quality.n_placeholder += piece.n_placeholder
        dated = ~np.isnan(piece.times)
        n_undated = int((~dated).sum())
        quality.n_undated += n_undated
        quality.n_frames += n_undated
        levels = _calibrated(source, piece.series, clean(piece.levels[dated], quality), piece.times[dated], quality)
        if quality.n_out_of_range > MOSTLY_WRONG * quality.n_frames:
            raise UserError(_not_levels(source, piece))
        lines = None if piece.lines is None else piece.lines[dated]
        kept = orders.setdefault(piece.series, _Order(source, quality)).keep(piece.times[dated], lines)
        levels, times = levels[kept], piece.times[dated][kept]
        if source.cadence is not None:
            resampler = resamplers.setdefault(piece.series, Resampler(source.cadence, source.hop_seconds))
            levels, times = resampler.add(levels, times)
        _check(source, quality, at_least=MOSTLY_WRONG, after=ENOUGH_TO_TELL)
        yield Piece(levels, times, piece.series)
    _check(source, quality)


def _calibrated(
    source: LevelSource, series: int, levels: NDArray[np.float32], times: NDArray[np.float64], quality: Quality
) -> NDArray[np.float32]:
    """Levels that are corrected by the calibrator of their sensor, whose own frames are gaps."""
    if not source.calibrations:
        return levels
    sensor = source.sensor_of(series)
    if sensor not in source.calibrations:
        raise UserError(
            f"{source.name}: nothing is known of a calibrator of the sensor {sensor!r}: name its files apart"
        )
    calibration = source.calibrations[sensor]
    is_calibrator = calibration.is_calibrator(times, source=source.name, series=series)
    quality.n_calibrator += int(is_calibrator.sum())
    return calibration.corrected(levels, is_calibrator)


@dataclass
class _Order:
    """The order of the frames of one series."""

    source: LevelSource
    quality: Quality
    latest: float = -np.inf
    last: float = -np.inf
    last_kept: float = np.nan
    patience: float = MOST_BEHIND
    """Frames by which those to come may run ahead of the cadence; it grows with each that does not."""

    def keep(self, times: NDArray[np.float64], lines: NDArray[np.int64] | None) -> NDArray[np.bool_]:
        """Which of successive frames are later than all before, (n,) times in s."""
        if not len(times):
            return np.zeros(0, bool)
        same = SAME_TIME * (self.source.cadence or self.source.hop_seconds)
        latest = np.maximum.accumulate(np.concatenate([[self.latest], times]))
        is_old = times - latest[:-1] < same
        repeated = is_old & (np.abs(np.diff(times, prepend=self.last)) < same)
        overlapped = is_old & ~repeated
        self.quality.n_repeated += int(repeated.sum())
        self.quality.n_overlapped += int(overlapped.sum())
        if overlapped.any() and not self.quality.first_overlap:
            index = int(overlapped.argmax())
            place = "" if lines is None else f" at {self.source.line_word} {lines[index]}"
            clock = self.source.clock
            self.quality.first_overlap = (
                f"{text_of(times[index], clock)} comes after {text_of(latest[index], clock)}{place}"
            )
        self.latest, self.last = float(latest[-1]), float(times[-1])
        kept = ~(overlapped | repeated)
        self._check_cadence(times[kept])
        return kept

    def _check_cadence(self, times: NDArray[np.float64]) -> None:
        """Refuse frames that go on being nearer to each other than those by which the cadence was told."""
        if not len(times):
            return
        cadence = self.source.cadence or self.source.hop_seconds
        before = times[0] - cadence if np.isnan(self.last_kept) else self.last_kept
        steps = np.diff(times, prepend=before) / cadence
        self.quality.n_early += int((steps < EARLY).sum())
        patience = self.patience + np.cumsum(steps - TOO_FAST)
        patience -= np.maximum.accumulate(np.maximum(patience - MOST_BEHIND, 0))
        self.patience, self.last_kept = float(patience[-1]), float(times[-1])
        if (patience < 0).any():
            at = int((patience < 0).argmax())
            step = float(np.median(steps[max(0, at - STEPS_TOLD) : at + 1])) * cadence
            when = text_of(times[at], self.source.clock)
            raise UserError(
                f"{self.source.name}: before {when}, frames begin to be {step:.3g} s apart in place of {cadence:g} s: "
                "put each cadence, and each sensor, into a file of its own"
            )


def _check(source: LevelSource, quality: Quality, *, at_least: float = 0, after: int = 0) -> None:
    """Refuse a source of which too much is unreadable."""
    n_rows = quality.n_frames + quality.n_unreadable
    # One row alone is of no weight, however short the file is.
    limit = max(1, max(source.largest_unreadable, at_least) * n_rows)
    if n_rows < after:
        return
    if quality.n_overlapped > limit:
        hint = "" if source.clock is Clock.UTC else ", and write times in UTC (or give --zone) if clocks were put back"
        raise UserError(
            f"{source.name}: {quality.first_overlap}, and so it is with {quality.n_overlapped} of {n_rows} rows: "
            f"sort the rows by time{hint}"
        )
    if quality.n_unreadable > limit:
        raise UserError(
            f"{source.name}: {quality.n_unreadable} of {n_rows} rows cannot be read ({quality.places}): mend them, or "
            "allow for a larger share by --unreadable"
        )


def _not_levels(source: LevelSource, piece: Piece) -> str:
    lowest, highest = LEVEL_RANGE_DB
    known = piece.levels[np.isfinite(piece.levels)]
    return (
        f"{source.name}: levels from {known.min():g} to {known.max():g} cannot be dB ({lowest:g} to {highest:g}): "
        "divide what is in hundredths by 100, and take 10·log10 of what is energy"
    )
