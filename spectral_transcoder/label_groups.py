"""Groups of labels, such as traffic, voice and birds."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["TRAFFIC_VOICE_BIRDS", "group_indices", "read_groups"]

TRAFFIC_VOICE_BIRDS = Path(__file__).with_name("traffic_voice_birds.csv")
"""The three sources that noise monitoring asks for most; 46 labels of AudioSet (Tailleur et al., 2023)."""


def read_groups(path: Path = TRAFFIC_VOICE_BIRDS) -> dict[str, str]:
    """Label → group of a CSV file with the columns label and group.

    Raises
    ------
    UserError
        where the columns are missing.
    """
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"label", "group"} <= rows[0].keys():
        raise UserError(f"{path} needs the columns label and group")
    return {row["label"]: row["group"] for row in rows}


def group_indices(labels: Sequence[str], path: Path = TRAFFIC_VOICE_BIRDS) -> NDArray[np.integer]:
    """Which of the labels belong to any group, in their order."""
    groups = read_groups(path)
    return np.flatnonzero([label in groups for label in labels])
