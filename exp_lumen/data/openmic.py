"""OpenMIC-2018 (Humphrey et al., ISMIR 2018): ten seconds each, several labels, and many that nobody looked for."""

from __future__ import annotations

import csv
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from exp_lumen.data.clips import LabelledClip
from exp_lumen.instruments import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["openmic_clips"]

TABLE = "openmic-2018-aggregated-labels.csv"
PARTITIONS = {"train": "partitions/split01_train.csv", "test": "partitions/split01_test.csv"}

CODE_OF = {
    "cello": ("cel",),
    "clarinet": ("cla",),
    "flute": ("flu",),
    "guitar": ("gac", "gel"),
    "organ": ("org",),
    "piano": ("pia",),
    "saxophone": ("sax",),
    "trumpet": ("tru",),
    "violin": ("vio",),
    "voice": ("voi",),
}
"""OpenMIC knows no kinds of guitars: where one plays, which is unknown; where none does, both are absent."""

PRESENT, ABSENT = 0.8, 0.2
"""Relevance above which an instrument plays, as in the original, and below which it does not; between, nobody knows."""


def openmic_clips(folder: Path) -> list[LabelledClip]:
    """Clips with at least one known label.

    Parameters
    ----------
    folder
        of the dataset, or `FOLDER/train` and `FOLDER/test` for the clips of its own split.

    Raises
    ------
    UserError
        where its table or recordings are missing.
    """
    part = folder.name if folder.name in PARTITIONS and not folder.is_dir() else None
    root = folder.parent if part else folder
    chosen = _partition(root / PARTITIONS[part]) if part else None
    clips = []
    for key, relevances in _relevances(root / TABLE).items():
        if chosen is not None and key not in chosen:
            continue
        labels, known = _labels(relevances)
        if not known.any():
            continue
        path = root / "audio" / key.split("_")[0][:3] / f"{key}.ogg"
        if not path.is_file():
            raise UserError(f"there is no {path}: get OpenMIC by download_datasets.py --list OpenMIC")
        clips.append(LabelledClip(path, tuple(labels.tolist()), tuple(known.tolist()), song=key.split("_")[0]))
    return clips


def _relevances(table: Path) -> dict[str, dict[str, float]]:
    """Clip → instrument → relevance: all lines of a clip belong together."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                found[row["sample_key"]][row["instrument"]] = float(row["relevance"])
    except (OSError, KeyError, ValueError) as error:
        raise UserError(
            f"{table} is missing or no table of OpenMIC ({error}): give the dataset's own folder"
        ) from error
    return found


def _partition(table: Path) -> set[str]:
    if not table.is_file():
        raise UserError(f"there is no {table}: give the dataset's own folder")
    return set(table.read_text(encoding="utf-8").split())


def _labels(relevances: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Labels and which are known, (11,) each."""
    labels, known = np.zeros(len(CODES), np.float32), np.zeros(len(CODES), np.float32)
    for instrument, relevance in relevances.items():
        codes = CODE_OF.get(instrument, ())
        indices = [CODES.index(code) for code in codes]
        if relevance < ABSENT:
            known[indices] = 1
        elif relevance > PRESENT and len(codes) == 1:
            known[indices], labels[indices] = 1, 1
    return labels, known
