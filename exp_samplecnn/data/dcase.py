"""DCASE 2017, task 4 (Mesaros et al., 2017): sounds of traffic and warnings in clips of 10 s from the web."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from exp_samplecnn.data.clips import SEED, TEST, TRAIN, VAL, Clips
from exp_samplecnn.tasks import DCASE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["FOLDERS", "read_dcase", "validation_rows"]

FOLDERS = {
    "training": "unbalanced_train_segments_training_set_audio_formatted_and_segmented_downloads",
    "testing": "unbalanced_train_segments_testing_set_audio_formatted_and_segmented_downloads",
    "evaluation": "evaluation_set_formatted_audio_segments",
}
"""Of the recordings, by the name of their list. The original trains on the first two and tests with the third."""

VALIDATION_SHARE = 0.1


def read_dcase(raw: Path) -> Clips:
    """Clips with all labels that the lists give them; a tenth of each label's rows is for validation.

    A clip that is drawn for one of its labels goes there as a whole, so that it becomes somewhat more than a tenth.

    Parameters
    ----------
    raw
        folder of the three lists and of the folders of recordings.

    Raises
    ------
    UserError
        where a list is missing, or has a line that is none.
    """
    rows = {name: _read_list(raw / f"groundtruth_weak_label_{name}_set.csv") for name in FOLDERS}
    learned = rows["training"] + rows["testing"]
    held_out = {learned[row][0] for row in validation_rows([label for _, label in learned])}
    folder_of = {file: name for name in FOLDERS for file, _ in rows[name]}
    split_of = {file: TEST if name == "evaluation" else TRAIN for file, name in folder_of.items()}
    split_of |= {file: VAL for file in held_out if split_of[file] == TRAIN}
    files = list(folder_of)
    targets = _targets(
        {file: number for number, file in enumerate(files)}, [row for name in rows for row in rows[name]]
    )
    paths = [raw / FOLDERS[folder_of[file]] / f"Y{file}" for file in files]
    return Clips(DCASE.labels, files, paths, targets, [split_of[file] for file in files])


def validation_rows(labels: list[str]) -> list[int]:
    """Rows of the lists that are drawn for validation, as pandas' `sample(frac=0.1, random_state=123)` draws them.

    Parameters
    ----------
    labels
        of each row.
    """
    drawn = []
    for label in DCASE.labels:
        rows = [number for number, other in enumerate(labels) if other == label]
        count = round(VALIDATION_SHARE * len(rows))
        drawn += [rows[index] for index in np.random.RandomState(SEED).choice(len(rows), count, replace=False)]
    return drawn


def _read_list(path: Path) -> list[tuple[str, str]]:
    """File and label of each row."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file, delimiter="\t") if row]
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}: get it by download_datasets.py --list DCASE2017-task4") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is no list of labels ({error}): get it anew") from error
    for line, row in enumerate(rows, 1):
        if len(row) != 4 or row[3] not in DCASE.labels:
            raise UserError(
                f"{path}, row {line}: {' | '.join(row)[:80]} is not file, start, end and one of the labels, with tabs "
                "between them: get it anew"
            )
    if not rows:
        raise UserError(f"{path} is empty: get it anew")
    return [(row[0], row[3]) for row in rows]


def _targets(number_of: Mapping[str, int], rows: list[tuple[str, str]]) -> NDArray[np.uint8]:
    targets = np.zeros((len(number_of), len(DCASE.labels)), np.uint8)
    for file, label in rows:
        targets[number_of[file], DCASE.labels.index(label)] = 1
    return targets
