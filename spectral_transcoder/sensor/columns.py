"""Which columns of a table are third-octave bands, and which one is the time."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.errors import UserError
from spectral_transcoder.third_octave import CENTRE_FREQUENCIES, N_BANDS, NOMINAL_FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Columns", "band_frequency", "find_columns"]

TIME_NAMES = ("timestamp", "time", "datetime", "date_time", "date", "epoch", "t")

FREQUENCY = re.compile(r"(?<![\d.,])(\d+(?:[.,_]\d+)?) *(k?) *(?:hz)?$", re.IGNORECASE)
"""A name ends with its band: 1000, 1k, 31.5, 31_5 Hz, LZeq_1250Hz."""

FREQUENCY_BEFORE_MORE = re.compile(r"(?<![\d.,])(\d+(?:[.,_]\d+)?) *(k?) *hz(?![a-z])", re.IGNORECASE)
"""Or has the unit behind it: LZeq 1 kHz (dB)."""

TOLERANCE = 0.03
"""Of a frequency: 31, 31.6 and 32 are 31.5; neighbours are 26 % apart."""

SHOWN_NAMES = 8


@dataclass(frozen=True)
class Columns:
    """What of a table is used."""

    time: str | None
    bands: tuple[str | None, ...]
    """Name of the column of each of the 29 bands; None: there is none."""

    notes: tuple[str, ...] = ()
    """A line for what the user should know."""


def band_frequency(name: str) -> tuple[float, str] | None:
    """Frequency that a column is named by, Hz, and the words around it; None where it is named by none."""
    name = name.strip()
    found = FREQUENCY_BEFORE_MORE.search(name) or FREQUENCY.search(name)
    if not found or not float(re.sub("[,_]", ".", found[1])):
        return None
    frequency = float(re.sub("[,_]", ".", found[1])) * (1000 if found[2] else 1)
    return frequency, name[: found.start()] + "…" + name[found.end() :]


def find_columns(names: Sequence[str], *, time_column: str | None = None) -> Columns:
    """Find the time and the bands among the columns of a table.

    Parameters
    ----------
    names
        of the columns; bands are named by their nominal frequency (IEC 61260-1:2014, annex E), with or without k, Hz
        and words around it, the same for all: LZeq_31.5Hz. Where there are several such sets, the largest is used, so
        that L50, a statistical level, is not taken for a band among those called 20, 25, 31.5 …
    time_column
        name of the time; by default the first called time, timestamp, datetime …, else there is none.

    Raises
    ------
    UserError
        where there is no band, one twice, or one missing between others.
    """
    if time_column is not None and time_column not in names:
        raise UserError(f"there is no column {time_column!r}: {_shown(names)}")
    time = time_column or next((name for name in names if name.strip().lower() in TIME_NAMES), None)
    frequencies = {name: found for name in names if name != time and (found := band_frequency(name))}
    sizes = Counter(words for _, words in frequencies.values())
    bands: list[str | None] = [None] * N_BANDS
    beyond = []
    for name, (frequency, words) in frequencies.items():
        if sizes[words] < max(sizes.values()):
            continue
        band = round(10 * np.log10(frequency / CENTRE_FREQUENCIES[0]))
        if not 0 <= band < N_BANDS:
            beyond.append(name)
        elif abs(frequency / CENTRE_FREQUENCIES[band] - 1) <= TOLERANCE:
            if bands[band] is not None:
                raise UserError(
                    f"the columns {bands[band]!r} and {name!r} are both the band of {NOMINAL_FREQUENCIES[band]:g} Hz: "
                    "leave one of them out"
                )
            bands[band] = name
    return Columns(time, tuple(bands), tuple(_check(names, bands, beyond)))


def _check(names: Sequence[str], bands: list[str | None], beyond: list[str]) -> list[str]:
    """Refuse bands with holes between them; tell of bands that are missing at the ends, or too many."""
    there = [index for index, name in enumerate(bands) if name is not None]
    if not there:
        raise UserError(
            f"no column is named by a third-octave band ({_shown(names)}): name them 20, 25, 31.5 … 12500 (Hz)"
        )
    missing = [f"{NOMINAL_FREQUENCIES[index]:g}" for index in range(there[0], there[-1]) if bands[index] is None]
    if missing:
        raise UserError(
            f"bands are missing between others ({', '.join(missing)} Hz): third octaves without gaps are needed"
        )
    notes = []
    if len(there) < N_BANDS:
        lowest, highest = (f"{NOMINAL_FREQUENCIES[index]:g}" for index in (there[0], there[-1]))
        notes.append(
            f"{len(there)} of {N_BANDS} bands ({lowest} to {highest} Hz): the others count as silent, which the "
            "transcoders were not trained on"
        )
    if beyond:
        notes.append(f"columns beyond 20 Hz to 12.5 kHz are left out: {', '.join(beyond)}")
    return notes


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"the columns are {', '.join(map(str, names[:SHOWN_NAMES]))}{more}"
