"""Groups of labels, such as traffic, voice and birds."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from teachers.audioset import audioset_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["TRAFFIC_VOICE_BIRDS", "group_indices", "group_members", "members_of", "read_groups"]

TRAFFIC_VOICE_BIRDS = Path(__file__).with_name("traffic_voice_birds.csv")
"""The three sources that noise monitoring asks for most; 46 labels of AudioSet (Tailleur et al., 2023)."""


def read_groups(path: Path = TRAFFIC_VOICE_BIRDS) -> dict[str, str]:
    """Label → group of a CSV file with the columns label and group.

    Raises
    ------
    UserError
        where the file or its columns are missing.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the groups in {path} ({error}): name a csv file in UTF-8") from error
    if not rows or not {"label", "group"} <= rows[0].keys():
        raise UserError(f"{path} needs the columns label and group")
    return {row["label"]: row["group"] for row in rows}


def group_indices(labels: Sequence[str], path: Path = TRAFFIC_VOICE_BIRDS) -> NDArray[np.integer]:
    """Which of the labels belong to any group, in their order."""
    groups = read_groups(path)
    return np.flatnonzero([label in groups for label in labels])


def members_of(labels: Sequence[str], groups: Mapping[str, str]) -> dict[str, NDArray[np.integer]]:
    """Group → which of the labels belong to it, none perhaps, in the order in which the groups are named first."""
    return {
        group: np.flatnonzero([groups.get(label) == group for label in labels])
        for group in dict.fromkeys(groups.values())
    }


def group_members(labels: Sequence[str], path: Path = TRAFFIC_VOICE_BIRDS) -> dict[str, NDArray[np.integer]]:
    """Group → which of the labels belong to it, in the order of the file.

    Labels that AudioSet has and the teacher has not are passed over.

    Raises
    ------
    UserError
        for a label that is none of AudioSet's, and for a group of which the teacher has no label.
    """
    groups = read_groups(path)
    unknown = [label for label in groups if label not in {*labels, *audioset_labels()}]
    if unknown:
        raise UserError(f"{path}: no labels of AudioSet: {', '.join(map(repr, unknown))}; check their spelling")
    members = members_of(labels, groups)
    empty = [group for group, indices in members.items() if not len(indices)]
    if empty:
        raise UserError(f"{path}: the teacher has no label of the group {', '.join(empty)}: leave it out")
    return members
