"""Level meters and networks that are known by what their files look like, and what is special in these."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["METERS", "Meter", "recognise"]


@dataclass(frozen=True)
class Meter:
    """A maker's or network's way to write files."""

    title: str
    pattern: re.Pattern[str]
    """What is in the lines above the table, or the names of its columns joined by bars."""

    zero_is_unknown: bool = False
    """Whether a level of 0 means that nothing was measured."""


def _meter(title: str, pattern: str, *, zero_is_unknown: bool = False) -> Meter:
    return Meter(title, re.compile(pattern, re.IGNORECASE), zero_is_unknown)


METERS = {
    "nti": _meter("NTi XL2", r"\bXL[23]\b|NTi Audio"),
    "norsonic": _meter("Norsonic", r"\bNor-?1\d\d\b|Norsonic|\|Lfeq [\d.]+ k?Hz +\(1/3\)"),
    "larson_davis": _meter("Larson Davis", r"Larson|\bLxT|SoundAdvisor|\b8[23]1C?\b.*OBA|\|?1/3 L[ACZ]eq "),
    "bk": _meter("Brüel & Kjær", r"Br[uü]el|\bB&K\b|\bBK ?22\d\d\b|\bType 22[57]0\b"),
    "svantek": _meter("Svantek", r"\bSVAN|SvanPC"),
    "cirrus": _meter("Cirrus", r"Cirrus|NoiseTools|^Date\|Time\|6\.3Hz\|.*\|1\.25kHz\|"),
    "nvspl": _meter("NVSPL of the US National Park Service", r"^SiteID\|STime\|H12p5\|", zero_is_unknown=True),
    "noisecapture": _meter("NoiseCapture", r"\bleq_utc\|.*\bleq_100\|"),
    "onosensor": _meter("OnoSensor", r"(?:^|\|)LZeq\|.*\|31\.5HZ\|"),
    "cense": _meter("CENSE", r"^epoch\|Fast_\d+\||^epoch\|20\|25\|.*\|leq\|laeq$"),
}
"""By the name that `--meter` takes."""


def recognise(names: Sequence[str], preamble: Sequence[str], asked: str | None = None) -> Meter | None:
    """The meter that wrote a table; None where it is none of those that are known.

    Raises
    ------
    UserError
        where one was asked for that there is not.
    """
    if asked is not None:
        if asked not in METERS:
            raise UserError(f"unknown meter {asked!r}: {', '.join(METERS)} are known")
        return METERS[asked]
    columns = "|".join(name.strip() for name in names)
    texts = (columns, "\n".join(preamble))
    return next((meter for meter in METERS.values() if any(meter.pattern.search(text) for text in texts)), None)
