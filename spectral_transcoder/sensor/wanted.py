"""What to make of levels, as the user wants it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spectral_transcoder.inversion import ITERATIONS
from spectral_transcoder.sensor.presence.thresholds import PRESENCE_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Wanted"]


@dataclass(frozen=True)
class Wanted:
    """What to make of each file."""

    format: str = "csv"
    """csv, parquet or h5."""

    n_top: int = 3
    groups: Path = PRESENCE_LABELS
    threshold: float | None = None
    """Score from which on groups are present that `thresholds` does not name; by default what was chosen for each."""

    thresholds: Mapping[str, float] = field(default_factory=dict)
    probabilities: bool = False
    """Write how probable it is that each group is present."""

    all_scores: bool = True
    """Write the scores of all labels, and not only the summary."""

    picture: bool = True
    audio: tuple[str, int] | None = None
    """Beginning and seconds of an excerpt to make a sound of."""

    iterations: int = ITERATIONS
    """Of Griffin-Lim, for that sound."""
