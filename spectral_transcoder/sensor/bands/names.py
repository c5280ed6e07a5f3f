"""Frequencies in the names of columns: 31.5, 31,5, 31_5, H31p5, 1k, 1k25, 1.25 kHz, 1,000 Hz, LZeq_1000Hz."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.third_octave import CENTRE_FREQUENCIES, N_BANDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["NamedBand", "are_third_octaves", "band_index", "find_bands", "is_nominal"]

NUMBER = r"(?<![\d/])(?<!\d[.,])(?P<number>\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3})(?!\d)|\d+(?:[.,_p]\d+)?)"
FORMS = (
    re.compile(r"(?<![\d.,])(?P<number>\d+)k(?P<tail>\d+)(?: *hz)?(?![a-z\d])", re.IGNORECASE),
    re.compile(NUMBER + r"[ _]*(?P<kilo>k?)[ _]*hz(?![a-z])", re.IGNORECASE),
    re.compile(NUMBER + r" *(?P<kilo>k?)$", re.IGNORECASE),
    re.compile(r"^" + NUMBER + r" *(?P<kilo>k?)(?=[ _(\[])", re.IGNORECASE),
    re.compile(r"(?<=[ _])" + NUMBER + r"(?P<kilo>k?)(?=[ _])", re.IGNORECASE),
)
"""In the order of trust: 1k25; a number with its unit; one at the end of the name; at its beginning; between words."""

BEHIND_NUMBER = tuple((re.compile(rf"\d{mark}\d{{1,2}}(?!\d)"), re.compile(rf"(\d){mark}(?=\d)")) for mark in " _")
"""A mark behind a number that is no frequency, as in Ch 1 20 Hz; and where it is."""

PARTED = r"\1|"
"""What is read in place of such a mark."""

THOUSANDS = re.compile(r"\d{1,3}[ ,.'\u00a0\u202f]\d{3}")
TIME_OR_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d:\d\d")
"""In names of columns that are frames, where a table lies on its side."""

TOLERANCE = 0.03
"""Of a frequency: 31, 31.6 and 32 are 31.5; neighbours are 26 % apart."""

MOSTLY = 0.8
"""Of frequencies in names, that must be nominal: of numbered columns (band_0 … band_28) a third is."""


@dataclass(frozen=True)
class NamedBand:
    """A column that is named by a frequency."""

    column: int
    """Its position in the table."""

    frequency: float
    """Hz"""

    words: str
    """What else is in the name, in small letters, an ellipsis for the frequency."""

    label: str
    """The same for people."""


def find_bands(names: Sequence[str]) -> list[NamedBand]:
    """Columns whose names hold a frequency, whatever it is.

    A number such as 1,000 or 12.500, three digits behind a separator, is read as thousands, unless all names are
    written so (19.953, 25.119 …, 1000.000): then these are decimals.

    Parameters
    ----------
    names
        of all columns of a table.
    """
    found = [(column, match) for column, name in enumerate(_parted(names)) if (match := _match(name.strip()))]
    small = [match for _, match in found if not match.groupdict().get("kilo")]
    has_thousands = any(not re.search(r"\D\d{3}$", match["number"]) for match in small)
    bands = []
    for column, match in found:
        frequency = _frequency(match, has_thousands=has_thousands)
        if frequency > 0:
            name = match.string
            around = [name[: match.start()], name[match.end() :]]
            label = " ".join(" ".join(around).replace("(1/3)", " ").split()).strip(" _|")
            bands.append(NamedBand(column, frequency, _words("…".join(around)), label))
    return bands


def _parted(names: Sequence[str]) -> Sequence[str]:
    """Names in which a number before the frequency, such as that of a channel, does not run into it.

    Where one name has "1 20", the "1 200" of another is no number of thousands; where one has "1_200", the "1_25" of
    another is no decimal.
    """
    blank, line = BEHIND_NUMBER
    if any(blank[0].search(name) for name in names):
        names = [blank[1].sub(PARTED, name, count=1) for name in names]
    has_long = any(re.search(r"\d_\d{3,}(?!\d)", name) for name in names)
    if has_long and any(line[0].search(name) for name in names):
        names = [line[1].sub(PARTED, name, count=1) for name in names]
    return names


def _match(name: str) -> re.Match[str] | None:
    if TIME_OR_DATE.search(name):
        return None
    return next((match for form in FORMS if (match := form.search(name))), None)


def _frequency(match: re.Match[str], *, has_thousands: bool) -> float:
    parts = match.groupdict()
    number = parts["number"]
    if parts.get("tail"):
        return 1000 * float(f"{number}.{parts['tail']}")
    is_grouped = has_thousands and not parts["kilo"] and THOUSANDS.fullmatch(number)
    if is_grouped or re.search(r"[\s']", number):
        return float(re.sub(r"\D", "", number))
    return (1000 if parts["kilo"] else 1) * float(re.sub(r"[,_p]", ".", number, flags=re.IGNORECASE))


def _words(text: str) -> str:
    return re.sub(r"[\s_]+", " ", text).strip().lower()


def band_index(frequency: float) -> int:
    """Number of the third octave that a frequency is nearest to, 0 for 20 Hz; below 0 and above 28 beyond the 29."""
    return round(10 * np.log10(frequency / CENTRE_FREQUENCIES[0]))


def is_nominal(frequency: float) -> bool:
    """Whether a frequency is that of a third octave, rounded or exact (IEC 61260-1:2014, annex E)."""
    index = band_index(frequency)
    centre = CENTRE_FREQUENCIES[index] if 0 <= index < N_BANDS else CENTRE_FREQUENCIES[0] * 10 ** (index / 10)
    return abs(frequency / centre - 1) <= TOLERANCE


def are_third_octaves(frequencies: Collection[float]) -> bool:
    """Whether the numbers in the names of columns are frequencies of third octaves: nearly all are nominal."""
    different = set(frequencies)
    return sum(map(is_nominal, different)) >= MOSTLY * len(different)
