"""Which groups are heard through levels of a cadence, as measured on sensors whose sound people have heard.

A score that has nothing to do with what was there is worse than none. `heard_groups.csv` says how the scores of each
group go with the annotated time of presence over the 15 odd clips of Lorient-1k (real CENSE levels, 44 s each; Gontier
et al., Zenodo 5153616): Pearson's r, blocks of ten seconds, `--auto_offset`. Where the levels are a second apart,
groups whose r chance would reach, or that nobody has measured, are left empty.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from spectral_transcoder.third_octave import SLOW

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LEAST_CORRELATION", "unheard_groups"]

MEASURED = Path(__file__).with_name("heard_groups.csv")

LEAST_CORRELATION = 0.44
"""Chance reaches more in one of twenty sets of 15 clips (one-sided)."""


def unheard_groups(groups: Iterable[str], *, teacher: str, transcoder: str, hop_seconds: float) -> dict[str, str]:
    """Groups of the table that are to be left empty → why.

    Parameters
    ----------
    groups
        traffic, voice, birds.
    transcoder
        name.
    hop_seconds
        of the levels. Where they are not a second apart, nothing is left empty.
    """
    if hop_seconds != SLOW.hop_seconds:
        return {}
    measured = {group: _measured().get((teacher, transcoder, group)) for group in groups}
    return {group: _reason(value) for group, value in measured.items() if value is None or value < LEAST_CORRELATION}


def _reason(correlation: float | None) -> str:
    if correlation is None:
        return "nobody has measured whether it is heard"
    return f"its score went with the time of presence by r = {correlation:.2f} only, which chance reaches"


@cache
def _measured() -> dict[tuple[str, str, str], float]:
    with open(MEASURED, encoding="utf-8", newline="") as file:
        return {
            (row["teacher"], row["transcoder"], row["group"]): float(row["correlation"]) for row in csv.DictReader(file)
        }
