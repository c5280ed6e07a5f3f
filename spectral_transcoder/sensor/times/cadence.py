"""How far apart frames are, told by their times, and what becomes of other cadences than those of the transcoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.third_octave import FAST, SLOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CADENCES", "cadence_of", "target_of"]

CADENCES = {"fast": FAST.hop_seconds, "slow": SLOW.hop_seconds}
"""Seconds from one frame to the next."""

FAST_TOLERANCE = 0.02
"""Of 125 ms: what is nearer is drift of a clock. A frame every 120 ms is another cadence."""

SLOW_TOLERANCE = 0.15
"""Of a second: phones take 1.1 s."""

BROUGHT_TO_FAST = (0.0199, 0.2501)
"""Cadences, s, from which frames of 125 ms can be made."""

MOST_REPEATED = 0.2
"""Share of rows with other levels at the time of the row before, above which times are too coarse: two rows a second
with whole seconds would pass for one, every other one being left out."""

GAP_STEPS = 3
"""Steps that are longer than so many of the usual ones are gaps."""


def cadence_of(times: NDArray[np.float64], asked: str | None = None) -> float:
    """Seconds from one frame to the next.

    Parameters
    ----------
    times : (n,)
        of successive frames, s; half of the steps may be jitter, gaps and repetitions.
    asked
        fast or slow, if somebody has said so.

    Raises
    ------
    UserError
        where the times tell none that can be used, or another one than asked.
    """
    steps = np.diff(times[~np.isnan(times)])
    if not len(steps):
        return CADENCES[asked or "fast"]
    cadence = _usual_step(steps)
    if not (
        abs(cadence / SLOW.hop_seconds - 1) <= SLOW_TOLERANCE or BROUGHT_TO_FAST[0] <= cadence <= BROUGHT_TO_FAST[1]
    ):
        raise UserError(
            f"rows are {cadence:g} s apart: levels every 0.125 s (fast), from 0.02 to 0.25 s (brought to 0.125 s) or "
            "every second (slow) are needed"
        )
    if asked is not None and target_of(cadence) != CADENCES[asked]:
        raise UserError(f"rows are {cadence:g} s apart, which is not the {asked} cadence: leave --cadence out")
    return cadence


def _usual_step(steps: NDArray[np.float64]) -> float:
    """Typical step, freed from the rounding of times."""
    median = float(np.median(steps))
    if median == 0 or (steps == 0).mean() > MOST_REPEATED:
        share = "most" if median == 0 else "many"
        raise UserError(
            f"{share} rows have the time of the row before: times need parts of seconds (12:00:00.125), and sensors a "
            "column of that name"
        )
    if median < 0:
        raise UserError("most times are earlier than those of the row before: sort the rows by time")
    known = _nearest(median)
    if known is None:
        # Times in tenths of a second make steps of 0.1 and 0.2: their mean tells. Gaps must not count in it.
        mean = float(steps[(steps > 0) & (steps < GAP_STEPS * median)].mean())
        near = float(steps[(steps > 0.5 * median) & (steps < 1.5 * median)].mean())
        known = _nearest(mean) or float(f"{near:.4g}")
    return known


def _nearest(step: float) -> float | None:
    """The cadence of the transcoders that a step is, but for drift."""
    for seconds, tolerance in ((FAST.hop_seconds, FAST_TOLERANCE), (SLOW.hop_seconds, SLOW_TOLERANCE)):
        if abs(step / seconds - 1) <= tolerance:
            return seconds
    return None


def target_of(cadence: float) -> float:
    """Cadence that the frames are brought to, s."""
    return SLOW.hop_seconds if cadence > BROUGHT_TO_FAST[1] else FAST.hop_seconds
