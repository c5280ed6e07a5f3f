"""From which score on a group of labels is present, and how probable its presence is.

Scores are no probabilities of presence: through a transcoder, traffic that everybody hears has .002. `thresholds.csv`
says what was found on sensors whose sound people have heard, for each teacher, transcoder and cadence: the score that
as many seconds reach as have the source in them, and the line on which the logit of the probability of presence lies
over the logarithm of the score. `benchmarks/lorient1k.py --write` makes it anew.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.third_octave import SLOW

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["CHOSEN", "COLUMNS", "DEFAULT_SCORE", "PRESENCE_LABELS", "Threshold", "cadence_name", "find_thresholds"]

PRESENCE_LABELS = Path(__file__).with_name("labels.csv")
"""Groups by which sensors are tagged: of traffic and voice the label that was best on Lorient-1k, of birds all."""

CHOSEN = Path(__file__).with_name("thresholds.csv")
COLUMNS = ("teacher", "transcoder", "cadence", "group", "threshold", "slope", "intercept", "error_points", "chosen")

DEFAULT_SCORE = 0.2
"""Where nobody has chosen one; the paper's code has it for all classes."""

SMALLEST_SCORE = 1e-7


@dataclass(frozen=True)
class Threshold:
    """When a group is present."""

    score: float = DEFAULT_SCORE
    """From which on it is."""

    slope: float = np.nan
    intercept: float = np.nan
    """Of the logit of the probability over the logarithm of the score; NaN: nobody knows."""

    def probability(self, scores: NDArray[np.floating]) -> NDArray[np.floating]:
        """Probability that the source was there, (n,) in [0, 1]; NaN where nobody knows."""
        logit = self.intercept + self.slope * np.log(np.maximum(scores, SMALLEST_SCORE))
        return 1 / (1 + np.exp(-logit))


def cadence_name(hop_seconds: float) -> str:
    """Fast or slow."""
    return "slow" if hop_seconds == SLOW.hop_seconds else "fast"


def find_thresholds(
    groups: Iterable[str], *, teacher: str, transcoder: str, hop_seconds: float
) -> dict[str, Threshold]:
    """Thresholds that were chosen for groups; without those for which none was.

    Parameters
    ----------
    groups
        of `PRESENCE_LABELS`.
    hop_seconds
        of the levels, 0.125 or 1.
    """
    chosen = _chosen()
    keys = {group: (teacher, transcoder, cadence_name(hop_seconds), group) for group in groups}
    return {group: chosen[key] for group, key in keys.items() if key in chosen}


@cache
def _chosen() -> dict[tuple[str, ...], Threshold]:
    with open(CHOSEN, encoding="utf-8", newline="") as file:
        return {
            tuple(row[name] for name in COLUMNS[:4]): Threshold(
                float(row["threshold"]), float(row["slope"] or np.nan), float(row["intercept"] or np.nan)
            )
            for row in csv.DictReader(file)
        }
