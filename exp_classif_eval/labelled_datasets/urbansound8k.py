"""UrbanSound8K (Salamon, Jacoby, Bello, 2014): 8732 clips of up to 4 s with one source each, in ten folds."""

from __future__ import annotations

import csv
import errno
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.labels.labelled_dataset import Clip
from audiokit.sound.durations import DURATION, measure_durations, write_durations
from spectral_transcoder.classification.grouped_dataset import GroupedDataset

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DATASETS"]

NAME_COLUMN = "slice_file_name"

SHORTEST_SECONDS = 1
"""YAMNet makes nothing of shorter ones; the paper leaves them out for both teachers."""

CLASSES = (
    "0_air_conditioner",
    "1_car_horn",
    "2_children_playing",
    "3_dog_bark",
    "4_drilling",
    "5_engine_idling",
    "6_gun_shot",
    "7_jackhammer",
    "8_siren",
    "9_street_music",
)


def read_clips(folder: Path) -> Iterator[Clip]:
    """Clips of one second at least, by the durations that `download_datasets.py` measures; else it is done here."""
    for row in _rows(folder):
        if row[DURATION] is not None and float(row[DURATION]) >= SHORTEST_SECONDS:
            yield Clip(row[NAME_COLUMN], str(row["fold"]), frozenset({f"{row['classID']}_{row['class']}"}))


def _rows(folder: Path) -> list[dict]:
    """Rows of the dataset's table with durations; of a part of the dataset they are measured each time.

    They are measured again where the table names other recordings than were measured, or other folds or classes.
    """
    original, measured = (folder / "metadata" / name for name in ("UrbanSound8K.csv", "UrbanSound8K_recalculated.csv"))
    if measured.exists():
        rows = _read(measured)
        if not original.exists() or _told(rows) == _told(_read(original)):
            return rows
    if not original.exists():
        raise FileNotFoundError(errno.ENOENT, "", str(original))
    columns, rows = measure_durations(original, folder / "audio", name_column=NAME_COLUMN)
    if all(row[DURATION] is not None for row in rows):
        with suppress(PermissionError):  # where nobody may write it is measured again
            write_durations(measured, columns, rows)
    return rows


def _read(table: Path) -> list[dict]:
    with open(table, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _told(rows: list[dict]) -> set[tuple]:
    """What a table says of recordings, in whatever order."""
    return {tuple(row.get(column) for column in (NAME_COLUMN, "fold", "classID", "class")) for row in rows}


DATASETS = (
    GroupedDataset(
        name="URBAN-SOUND-8K",
        classes=CLASSES,
        read_clips=read_clips,
        groups=Path(__file__).parents[1] / "sub_classes_urbansound8k.csv",
        folds=tuple(map(str, range(1, 11))),
        unpacked="UrbanSound8K",
    ),
)
