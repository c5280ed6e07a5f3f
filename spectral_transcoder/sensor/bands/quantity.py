"""What the levels of a set of bands are, told by the words in their names: Leq or Lmax, Z-, A- or C-weighted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = [
    "Quantity",
    "line_on_weighting",
    "may_be_weighted",
    "quantity_of",
    "weighting_by_letter",
    "weighting_in_preamble",
]

STATISTICS = (
    ("max", re.compile(r"max|(?<![a-z])l[acz][fsi]t\d(?![a-z\d])")),  # LAFT5: the maximum of each five seconds
    ("min", re.compile(r"min")),
    ("peak", re.compile(r"peak|(?<![a-z])l[acz]?pk")),
    ("exposure", re.compile(r"(?<![a-z])(?:sel|l[acz]?e)(?![a-z])")),
    ("percentile", re.compile(r"(?<![a-z])(?:l[acz]?[fsi]?\d{1,2}|l[acz]?[fs]?n|percentile)(?![a-z\d])")),
    ("mean", re.compile(r"eq|avg|average|mean|moyen|mittel")),
)
"""The first that fits."""

WEIGHTINGS = (
    re.compile(r"(?<![a-z])l[ _]?([acz])(?=$|[^a-z]|eq|[fsi](?:[^a-z]|$|max|min|eq|t)|[et](?:[^a-z]|$|q)|max|min|p)"),
    re.compile(r"(?<![a-z])(?:lp[ _]?|leq[ _-]?)([acz])(?![a-z\d])"),
    re.compile(r"db[ _]?[(\[]?([acz])(?![a-z])"),
    re.compile(r"[(\[]([acz])[)\]]"),
    re.compile(r"(?<![a-z])([acz])[ _-]?(?:weight|wtd|bewert|gewicht|pond)"),
    re.compile(r"(?:weighting|bewertung|pond[ée]ration)[ _:]*([acz])(?![a-z])"),
)
LETTER = re.compile(r"[… ]*(?:hz)? ?([a-z])[-… ]*(?:hz)?[… ]*")
MAYBE = re.compile(r"(?<![^\W\d_])(?<!°)[AC](?![^\W_])")
"""A capital that stands alone, in the names of bands."""

CHANNEL = re.compile(
    r"(?<![a-z])(?:ch\w*|kanal|canal|voie|mic\w*|sensor|input|line|site|station|point|pos\w*|location|probe)[\W_]*[a-z]"
    r"(?![a-z])",
    re.IGNORECASE,
)
"""What such a letter counts."""

LINEAR = re.compile(r"(?<![a-z])(?:lin|linear|flat|unweighted|llin\w*)(?![a-z])")
OF_BANDS = re.compile(r"spectr|octave|1/3|oba|terz|tiers|(?<!broad)band|(?<![a-z])rta(?![a-z])", re.IGNORECASE)
IN_PREAMBLE = (
    re.compile(r"(?:weight\w*|bewertung|pond[ée]ration)\W*?[\t ,;:=\"]+\W*([acz])(?![a-z])", re.IGNORECASE),
    re.compile(r"(?<![a-z])([acz])[ _-](?:weight|bewert|gewicht|pond)", re.IGNORECASE),
    re.compile(r"(?<![a-z\d.,])(?<!\d )db[ _]?[(\[]?([acz])(?![a-z])", re.IGNORECASE),
)
"""Words on a weighting in a line above a table; dB(A) as a unit, not behind a level."""

BEHIND_BANDS = re.compile(
    r"(?<![a-z])(?:octaves?|spectr\w*|bands?|terz\w*)\W{1,3}([acz])(?=\s*(?:$|[,;)\]\t]|-?weight))", re.IGNORECASE
)
LINEAR_BANDS = re.compile(LINEAR.pattern, re.IGNORECASE)
OF_OVERALL = re.compile(
    r"(?:peak|broad-?band|overall|total|global|gesamt)\w*[ _]*"
    r"(?:(?:frequency[ _]*)?weight\w*\W{0,3}[acz]|[:=]\W*[acz]|[acz](?=[ -]weight))(?![a-z])"
    r"(?![ -]*(?:weight\w*)?\W*(?:third|1/3|octave|spectr|band|terz))(?:[ -]weight\w*)?",
    re.IGNORECASE,
)
"""In a line above a table, what is said of other levels than those of bands."""

MEAN_LEVEL = re.compile(r"(?<![a-z])l([acz])eq", re.IGNORECASE)
"""In a line on bands, that of the bands."""


@dataclass(frozen=True)
class Quantity:
    """What levels are."""

    statistic: str
    """mean (Leq), level (no word), or max, min, peak, exposure, percentile, which no transcoder was trained on."""

    weighting: str | None
    """A, C or Z; None: no word about it."""

    @property
    def is_told(self) -> bool:
        """Whether there was any word on what they are."""
        return self.statistic != "level" or self.weighting is not None


def quantity_of(words: str) -> Quantity:
    """Read the words around a frequency.

    Parameters
    ----------
    words
        in small letters, such as "lzeq dt …" or "la … hz".
    """
    statistic = next((name for name, pattern in STATISTICS if pattern.search(words)), "level")
    weighting = next((match[1].upper() for pattern in WEIGHTINGS if (match := pattern.search(words))), None)
    return Quantity(statistic, weighting or ("Z" if LINEAR.search(words) else None))


def weighting_by_letter(words: str, others: Collection[str]) -> str | None:
    """Weighting where the only word is its letter, as in A_1000; None where letters count channels, such as A and B.

    Parameters
    ----------
    words
        around a frequency, as in `quantity_of`.
    others
        those of all bands.
    """
    letters = [match[1] for each in others if (match := LETTER.fullmatch(each))]
    match = LETTER.fullmatch(words)
    return match[1].upper() if match and set(letters) <= set("acz") else None


def weighting_in_preamble(lines: tuple[str, ...], *, is_alone: bool = False) -> str | None:
    """Weighting of the bands that the lines above a table tell of.

    Parameters
    ----------
    lines
        a line must name spectrum, octave or bands beside the weighting: that of the overall level stands in the same
        place …
    is_alone
        … unless there are no levels but those of bands.

    Raises
    ------
    UserError
        where they tell of several.
    """
    lines = tuple(OF_OVERALL.sub(" ", line) for line in lines)
    on_bands = [line for line in lines if OF_BANDS.search(line)]
    found = {weighting for line in on_bands for weighting in _weightings_of_bands(line)}
    if not found and is_alone:
        found = {weighting for line in lines for weighting in _weightings(line, IN_PREAMBLE)}
    if len(found) > 1:
        raise UserError(
            f"lines above the table tell of {' and '.join(sorted(found))}-weighting: say which the bands have by "
            "--weighting"
        )
    return found.pop() if found else None


def _weightings_of_bands(line: str) -> set[str]:
    found = _weightings(line, (*IN_PREAMBLE, BEHIND_BANDS, MEAN_LEVEL))
    # Where a letter is told, what is linear is an average, and what is flat a microphone.
    return found or ({"Z"} if LINEAR_BANDS.search(line) else found)


def _weightings(line: str, patterns: Sequence[re.Pattern[str]]) -> set[str]:
    return {match[1].upper() for pattern in patterns for match in pattern.finditer(line)}


def may_be_weighted(title: str) -> bool:
    """Whether a letter among the words around a frequency, as they are written, could be a weighting."""
    return MAYBE.search(title) is not None and CHANNEL.search(title) is None


def line_on_weighting(lines: tuple[str, ...]) -> str | None:
    """The first line above a table that names A or C as a weighting, of whatever; None where there is none."""
    return next(
        (" ".join(line.split()) for line in lines if _weightings(OF_OVERALL.sub(" ", line), IN_PREAMBLE) & {"A", "C"}),
        None,
    )
