"""MagnaTagATune (Law et al., ISMIR 2009): music with the fifty tags that are given most often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.storage.csv_table import check_column, check_unique, read_table
from exp_samplecnn.data.clips import TEST, TRAIN, VAL, Clips
from exp_samplecnn.tasks import MAGNATAGATUNE

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_magnatagatune"]

ANNOTATIONS = "annotations_final.csv"
PATH = "mp3_path"
SPLIT_OF_FOLDER = dict.fromkeys("0123456789ab", TRAIN) | {"c": VAL} | dict.fromkeys("def", TEST)
"""The recordings lie in sixteen folders."""


def read_magnatagatune(raw: Path) -> Clips:
    """Clips that have at least one of the tags; tags of one meaning are not joined, as nobody does.

    Parameters
    ----------
    raw
        folder of `annotations_final.csv` and `mp3/`.

    Raises
    ------
    UserError
        where the table is missing, or lacks a tag, or says something else than 0 and 1.
    """
    path = raw / ANNOTATIONS
    labels = MAGNATAGATUNE.labels
    table = read_table(
        path, [PATH, *labels], delimiter="\t", remedy="get it anew by download_datasets.py --list MagnaTagATune"
    )
    for label in labels:
        check_column(table, label, table[label].isin(["0", "1"]), "is neither 0 nor 1", path=path)
    check_unique(table, PATH, path=path)
    targets = (table[list(labels)].to_numpy() == "1").astype(np.uint8)
    names = table[PATH].to_numpy()[targets.any(axis=1)].tolist()
    if not names:
        raise UserError(f"{path} gives none of the fifty tags to any clip: get it anew")
    unknown = [name for name in names if name[:1] not in SPLIT_OF_FOLDER]
    if unknown:
        raise UserError(f"{path} names {unknown[0]}, which lies in none of the folders 0 to f: get it anew")
    return Clips(
        labels,
        names,
        [raw / "mp3" / name for name in names],
        targets[targets.any(axis=1)],
        [SPLIT_OF_FOLDER[name[0]] for name in names],
    )
