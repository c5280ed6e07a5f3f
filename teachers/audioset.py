"""What teachers tell apart: the labels of AudioSet (Gemmeke et al., 2017)."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

__all__ = ["audioset_labels"]


@cache
def audioset_labels() -> tuple[str, ...]:
    """The 527 labels of AudioSet, in its order."""
    with open(Path(__file__).with_name("audioset_labels.csv"), encoding="utf-8", newline="") as file:
        return tuple(row["label"] for row in csv.DictReader(file))
