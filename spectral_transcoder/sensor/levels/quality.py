"""What is missing or wrong in the levels of a source, counted and told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.levels.sources import Unreadable

__all__ = ["LEVEL_RANGE_DB", "Quality", "are_placeholders", "clean", "duration"]

LEVEL_RANGE_DB = (-250.0, 200.0)
"""What levels can be, whatever they are relative to. Digital silence of our own third octaves is at −154."""

PLACEHOLDERS = np.array([0, -99, -99.9, -99.99], np.float32)
"""What meters write in all bands of a frame that they have no levels of."""

MANY_EARLY = 0.01
"""Share of the frames, above which it is told that so many come early."""

N_SHOWN = 3
"""Rows that cannot be read, of which the place is told."""


@dataclass
class Quality:
    """What was found in the frames of a source."""

    n_frames: int = 0
    n_repeated: int = 0
    """Frames with the time of the one before; passed over."""

    n_overlapped: int = 0
    """Frames that are not later than one before them, for the clock was put back; passed over."""

    n_undated: int = 0
    """Frames without a time among others that have one; passed over."""

    n_unreadable: int = 0
    """Rows that are cut off, or else cannot be read; gaps."""

    n_text: int = 0
    """Rows without any level, such as headers that come again; passed over."""

    n_early: int = 0
    """Frames that come less than half of a cadence after the one before; each counts as a whole one."""

    n_placeholder: int = 0
    """Rows with a placeholder in all bands; gaps."""

    n_unknown: int = 0
    """Frames with a level that is not a number; gaps."""

    n_out_of_range: int = 0
    """Frames with a level beyond `LEVEL_RANGE_DB`; gaps."""

    n_calibrator: int = 0
    """Frames in which a calibrator sounded, or was put on and taken off; gaps."""

    n_gaps: int = 0
    """Places where frames are missing between times."""

    n_missing: int = 0
    """Frames that are missing there."""

    longest_gap: int = 0
    """The most frames missing at one place."""

    first_unreadable: list[Unreadable] = field(default_factory=list)
    first_overlap: str = ""
    """Where the clock was put back for the first time."""

    def add_unreadable(self, rows: Iterable[Unreadable]) -> None:
        """Count rows that cannot be read, and keep the first ones."""
        rows = list(rows)
        self.n_unreadable += len(rows)
        self.first_unreadable += rows[: N_SHOWN - len(self.first_unreadable)]

    @property
    def places(self) -> str:
        """The first rows that cannot be read, for people."""
        more = self.n_unreadable - len(self.first_unreadable)
        shown = "; ".join(f"{place}: {reason}" for place, reason in self.first_unreadable)
        return f"{shown}; and {more} more" if more else shown

    def lines(self, hop_seconds: float) -> list[str]:
        """A line for each kind of problem that there is."""
        n_rows = self.n_frames + self.n_unreadable
        lines = (
            [f"{self.n_unreadable} of {n_rows} rows cannot be read: gaps ({self.places})"] if self.n_unreadable else []
        )
        if self.n_text:
            lines.append(f"{self.n_text} rows without levels: passed over")
        if self.n_placeholder:
            lines.append(f"{self.n_placeholder} rows with the same placeholder in all bands, such as 0: gaps")
        counted = (
            (self.n_repeated, "with the time of the one before: passed over"),
            (self.n_overlapped, f"not later than one before, {self.first_overlap}: passed over"),
            (self.n_undated, "without a time: passed over"),
            (self.n_unknown, "with levels that are no numbers: gaps"),
            (self.n_out_of_range, "with levels below {:g} or above {:g} dB: gaps".format(*LEVEL_RANGE_DB)),
            (self.n_calibrator, "of the calibrator: gaps"),
        )
        lines += [f"{count} of {self.n_frames} frames {text}" for count, text in counted if count]
        if self.n_early > MANY_EARLY * n_rows:
            lines.append(
                f"{self.n_early} of {self.n_frames} frames come less than half of the cadence after the one before: "
                "each counts as a whole frame"
            )
        if self.n_gaps:
            missing, longest = (duration(count * hop_seconds) for count in (self.n_missing, self.longest_gap))
            lines.append(f"gaps between times: {self.n_gaps}, {missing} in all, the longest {longest}")
        return lines


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


def are_placeholders(levels: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which rows, (..., n_bands) dB as a meter wrote them, are one of `PLACEHOLDERS` in all bands, (...,)."""
    return (levels == levels[..., :1]).all(axis=-1) & np.isin(levels[..., 0], PLACEHOLDERS)
