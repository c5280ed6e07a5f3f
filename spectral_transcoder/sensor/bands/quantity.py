"""What the levels of a set of bands are, told by the words in their names: Leq or Lmax, Z-, A- or C-weighted."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Quantity", "line_on_weighting", "quantity_of", "weighting_in_preamble"]

STATISTICS = (
    ("max", re.compile(r"max")),
    ("min", re.compile(r"min")),
    ("peak", re.compile(r"peak|(?<![a-z])l[acz]?pk")),
    ("exposure", re.compile(r"(?<![a-z])(?:sel|l[acz]?e)(?![a-z])")),
    ("percentile", re.compile(r"(?<![a-z])(?:l[acz]?[fsi]?\d{1,2}|l[acz]?[fs]?n|percentile)(?![a-z\d])")),
    ("mean", re.compile(r"eq|avg|average|mean|moyen|mittel")),
)
"""The first that fits."""

WEIGHTINGS = (
    re.compile(r"(?<![a-z])l[ _]?([acz])(?=$|[^a-z]|eq|[fsi](?:[^a-z]|$|max|min|eq)|[et](?:[^a-z]|$|q)|max|min|p)"),
    re.compile(r"db[ _]?[(\[]?([acz])(?![a-z])"),
    re.compile(r"[(\[]([acz])[)\]]"),
    re.compile(r"(?<![a-z])([acz])[ _-]?(?:weight|bewert|gewicht|pond)"),
    re.compile(r"(?:weighting|bewertung|pond[ée]ration)[ _:]*([acz])(?![a-z])"),
)
LINEAR = re.compile(r"(?<![a-z])(?:lin|linear|flat|unweighted|llin\w*)(?![a-z])")
OF_BANDS = re.compile(r"spectr|octave|1/3|oba|terz|tiers|band", re.IGNORECASE)
PREAMBLE_WEIGHTING = re.compile(
    r"(?:weight\w*|bewertung|pond[ée]ration)\W*?[\t ,;:=\"]+\W*([acz])(?![a-z])", re.IGNORECASE
)


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


def weighting_in_preamble(lines: tuple[str, ...], *, is_alone: bool = False) -> str | None:
    """Weighting of the bands that the lines above a table tell of.

    Parameters
    ----------
    lines
        a line must name spectrum, octave or bands beside the weighting: that of the overall level stands in the same
        place …
    is_alone
        … unless there are no levels but those of bands.
    """
    found = (PREAMBLE_WEIGHTING.search(line) for line in lines if is_alone or OF_BANDS.search(line))
    return next((match[1].upper() for match in found if match), None)


def line_on_weighting(lines: tuple[str, ...]) -> str | None:
    """The first line above a table that names A or C as a weighting, of whatever; None where there is none."""
    return next((" ".join(line.split()) for line in lines if PREAMBLE_WEIGHTING.search(line)), None)
