"""Labelled datasets whose classes are groups of AudioSet's labels, so that a teacher can tell them without training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.labels.labelled_dataset import LabelledDataset
from teachers.audioset import audioset_labels
from teachers.label_groups import read_groups

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GroupedDataset"]


@dataclass(frozen=True, kw_only=True)
class GroupedDataset(LabelledDataset):
    """A dataset, and which labels stand for its classes.

    `exp_classif_eval/labelled_datasets/` holds one small file for each.
    """

    groups: Path
    """CSV file with the columns label and group: which of AudioSet's labels stand for which class."""

    top: int = 1
    """As many of the highest names, groups and single labels together, count as present where there is no head."""

    def label_groups(self) -> dict[str, str]:
        """AudioSet's label → class.

        Raises
        ------
        UserError
            for labels and classes that do not exist, or a class without labels.
        """
        groups = read_groups(self.groups)
        for kind, names, known in (
            ("labels", groups.keys(), set(audioset_labels())),
            ("classes", groups.values(), set(self.classes)),
        ):
            if unknown := sorted(set(names) - known):
                raise UserError(f"{self.groups} holds {kind} that do not exist: {', '.join(unknown)}")
        if without := [name for name in self.classes if name not in groups.values()]:
            raise UserError(f"{self.groups} has no labels for {', '.join(without)}")
        return groups
