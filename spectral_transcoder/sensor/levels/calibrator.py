"""A sound calibrator in levels: where it sounded, what was read of it, and levels that are corrected by it.

A calibrator (IEC 60942) is put over the microphone and gives 94 or 114 dB at 1 kHz. Of that, third-octave filters let
little through three bands away (40 dB less by IEC 61260-1, class 1); its distortion is some 30 dB lower, and what is
around it is kept out. So its band stands alone and does not move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.third_octave import N_BANDS, NOMINAL_FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["KILOHERTZ", "PISTONPHONE", "Calibration", "Stretch", "agreed_level", "steady_stretches", "tone_levels"]

KILOHERTZ = NOMINAL_FREQUENCIES.index(1000)
PISTONPHONE = NOMINAL_FREQUENCIES.index(250)

PROMINENCE_DB = 20.0
"""By which the tone is above all bands that are more than two away. Noise 20 dB lower raises a level by 0.04 dB, less
than meters print; voices and horns, whose partials are about as strong, do not reach it."""

NEIGHBOUR_DB = 10.0
"""The same for the bands beside: a tone between two bands is in both, and reads too little in each."""

N_SKIRT = 2
"""Bands on each side that hold the skirts of a tone's filter."""

STEADY_DB = 0.5
"""Up or down that the tone may go while it is read, and that two readings may be apart."""

LEAST_SECONDS = 3.0

HANDLING_SECONDS = 1.0
"""Before and behind the tone, in which the calibrator is put on and taken off."""


@dataclass(frozen=True)
class Stretch:
    """A tone that did not move."""

    start: float
    end: float
    """s, of the steady part."""

    onset: float
    release: float
    """s, of all that is the tone, from its first frame to the end of its last."""

    level: float
    """Median, dB as in the file."""

    source: str = ""
    series: int = 0
    """Where it is from."""

    when: str = ""
    """The start for people."""


@dataclass(frozen=True)
class Calibration:
    """What a calibrator says of the levels of a sensor."""

    correction: float
    """To be added to all levels, dB."""

    stretches: tuple[Stretch, ...] = ()
    """When it sounded."""

    def is_calibrator(self, times: NDArray[np.float64], *, source: str, series: int) -> NDArray[np.bool_]:
        """Which frames, of (n,) times in s, are of the calibrator or of its being put on and taken off."""
        inside = np.zeros(len(times), bool)
        for stretch in self.stretches:
            if (stretch.source, stretch.series) == (source, series):
                inside |= (times >= stretch.onset - HANDLING_SECONDS) & (times < stretch.release + HANDLING_SECONDS)
        return inside

    def corrected(self, levels: NDArray[np.float32], is_calibrator: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Levels, (n, 29) in dB, as a calibrated sensor has them; NaN where the calibrator sounded, (n,)."""
        return np.where(is_calibrator[:, None], np.float32(np.nan), levels + np.float32(self.correction))


def tone_levels(levels: NDArray[np.floating], band: int = KILOHERTZ) -> NDArray[np.floating]:
    """Level of a band where it stands alone, as that of a calibrator does.

    Parameters
    ----------
    levels : (n, 29)
        in dB; NaN where a frame is missing.
    band
        number of the band.

    Returns
    -------
    (n,) in dB; NaN where there is no tone, or more than one
    """
    distances = np.abs(np.arange(N_BANDS) - band)
    tone = levels[:, band]
    alone = tone >= levels[:, distances > N_SKIRT].max(axis=1) + PROMINENCE_DB
    centred = tone >= levels[:, distances == 1].max(axis=1) + NEIGHBOUR_DB
    return np.where(alone & centred & np.isfinite(tone), tone, np.nan)


def steady_stretches(
    times: NDArray[np.float64], tone: NDArray[np.floating], *, hop_seconds: float, source: str = "", series: int = 0
) -> list[Stretch]:
    """Stretches of at least three seconds in which a tone stays within ±0.5 dB.

    One that wanders becomes several, which do not agree.

    Parameters
    ----------
    times : (n,)
        of frames of one series, rising, s.
    tone : (n,)
        in dB, NaN where there is none, as `tone_levels` gives it.
    hop_seconds
        that a frame lasts.
    source, series
        to be kept with them.
    """
    sounds = ~np.isnan(tone)
    times, tone = times[sounds], tone[sounds].astype(np.float64)
    breaks = np.flatnonzero(np.diff(times) > 1.5 * hop_seconds) + 1
    stretches: list[Stretch] = []
    for run in np.split(np.arange(len(times)), breaks) if len(times) else ():
        for first, stop in _steady_parts(tone[run], at_least=int(np.ceil(LEAST_SECONDS / hop_seconds))):
            part = run[first:stop]
            stretches.append(
                Stretch(
                    start=float(times[part[0]]),
                    end=float(times[part[-1]] + hop_seconds),
                    onset=float(times[run[0]]),
                    release=float(times[run[-1]] + hop_seconds),
                    level=float(np.median(tone[part])),
                    source=source,
                    series=series,
                )
            )
    return stretches


def _steady_parts(tone: NDArray[np.float64], *, at_least: int) -> list[tuple[int, int]]:
    """First frame and the one behind the last of parts that move by at most ±0.5 dB."""
    parts: list[tuple[int, int]] = []
    first = 0
    while first + at_least <= len(tone):
        lowest = highest = tone[first]
        stop = first + 1
        while stop < len(tone):
            lowest, highest = min(lowest, tone[stop]), max(highest, tone[stop])
            # A hair more, for levels with one decimal are not exact in binary.
            if highest - lowest > 2 * STEADY_DB + 1e-4:
                break
            stop += 1
        if stop - first >= at_least:
            parts.append((first, stop))
            first = stop
        else:
            first += 1
    return parts


def agreed_level(stretches: Sequence[Stretch]) -> float:
    """Level that was read of the calibrator, dB: the median of its stretches.

    Raises
    ------
    UserError
        where two of them, at least one in all, differ by more than 0.5 dB.
    """
    low, high = (choose(stretches, key=lambda stretch: stretch.level) for choose in (min, max))
    if high.level - low.level > STEADY_DB + 1e-4:
        raise UserError(
            f"{low.source}: the tone of 1 kHz reads {low.level:.2f} dB at {low.when}, and {high.level:.2f} dB at "
            f"{high.when} ({high.source}), more than {STEADY_DB:g} dB apart: name the files of one calibration, or none"
        )
    return float(np.median([stretch.level for stretch in stretches]))
