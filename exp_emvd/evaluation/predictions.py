"""Files of predictions, `outputs/<experiment>.h5`, as the original writes them, and with scores besides.

Each split has a group `split<i>/inference` with a row for each chunk that it is tested on: `audio_name`, `groundtruth`
and `inference`, text; and, in ours, `scores`, one for each label of its attribute `labels`. The group's attribute
`trained_with` tells, in JSON, what the network was trained with.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from audiokit.storage.hdf5_reading import open_hdf5_file
from audiokit.storage.hdf5_writing import new_hdf5_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import h5py
    from numpy.typing import NDArray

    from exp_emvd.tasks import Task

__all__ = [
    "EXPERIMENT",
    "Predictions",
    "chunk_name",
    "pooled",
    "read_predictions",
    "recording_name",
    "write_predictions",
]

TEXT = "S200"
SEPARATOR = "___"
"""Between the name of a recording and the number of a chunk."""

TRAINED_WITH, EXPERIMENT = "trained_with", "experiment"
"""Attribute of a split, and what it tells of the task."""

AGAIN = "run the step eval again"
REMEDY = f"delete it, and {AGAIN}"
"""For files that this step cannot read either."""


@dataclass(frozen=True)
class Predictions:
    """What was predicted for chunks, and what they are."""

    audio_names: NDArray[np.str_]
    """(n_chunks,), as `chunk_name` makes them."""

    truths: NDArray[np.str_]
    """(n_chunks,)"""

    predicted: NDArray[np.str_]
    """(n_chunks,)"""

    scores: NDArray[np.float32] | None = None
    """(n_chunks, n_labels), probabilities; None where the file holds none, as the published ones do not."""

    labels: tuple[str, ...] = ()
    """Of the columns of the scores."""

    trained_with: Mapping[str, object] = field(default_factory=dict)
    """What is known of the network and its folds; nothing where the file does not say, as the published ones."""


def chunk_name(recording: str, number: int) -> str:
    """Name of a chunk of a recording, counted from 0."""
    return f"{recording}{SEPARATOR}{number}"


def recording_name(chunk: str) -> str:
    """Name of the recording that a chunk is of.

    It ends before the last three underscores; the original lets it end before the first two.

    Raises
    ------
    UserError
        where it is no name of a chunk.
    """
    name, _, number = chunk.rpartition(SEPARATOR)
    if not name or not number.isdecimal():
        raise UserError(f"{chunk!r} is no name of a chunk, as Singer1_ClearVoice_Mid_a.wav___0: {AGAIN}")
    return name


def write_predictions(path: Path, splits: Mapping[int, Predictions]) -> None:
    """Write predictions of splits, in place of all that the file held.

    Raises
    ------
    UserError
        for a name of more than 200 bytes.
    """
    make_folder(path.parent)
    with write_whole(path) as partial, new_hdf5_file(partial) as (file, _):
        for split, predictions in sorted(splits.items()):
            _write_split(file.create_group(f"split{split}/inference"), predictions)


def _write_split(group: h5py.Group, predictions: Predictions) -> None:
    columns = {
        "audio_name": predictions.audio_names,
        "groundtruth": predictions.truths,
        "inference": predictions.predicted,
    }
    for name, values in columns.items():
        encoded = np.char.encode(np.asarray(values, str), "utf-8")
        if encoded.itemsize > np.dtype(TEXT).itemsize:
            longest = max(values, key=lambda value: len(value.encode()))
            raise UserError(f"{longest} is longer than the 200 bytes that a name may have: rename the recording")
        group.create_dataset(name, data=encoded.astype(TEXT))
    if predictions.scores is not None:
        scores = group.create_dataset("scores", data=predictions.scores.astype(np.float32))
        scores.attrs["labels"] = list(predictions.labels)
    if predictions.trained_with:
        group.attrs[TRAINED_WITH] = json.dumps(dict(predictions.trained_with))


def read_predictions(path: Path, task: Task | None = None) -> dict[int, Predictions]:
    """Predictions of all splits of a file, by the number of the split; the published ones are read as well.

    Parameters
    ----------
    path
    task
        that they are to be of; None: any.

    Raises
    ------
    UserError
        where the file is missing, damaged, or holds something else, or predictions for another task.
    """
    if not path.is_file():
        raise UserError(f"there are no predictions {path}: run the step eval first")
    try:
        with open_hdf5_file(path, remedy=REMEDY) as file:
            numbers = {name: match[1] for name in file if (match := re.fullmatch(r"split(?:_k_)?(\d+)", name))}
            splits = {int(number): _read_split(file[f"{name}/inference"], path) for name, number in numbers.items()}
    except (OSError, KeyError, AttributeError, ValueError) as error:
        raise UserError(f"{path} is damaged or holds no predictions ({error}): {REMEDY}") from error
    if not splits:
        raise UserError(f"{path} holds no group split0, split1 …: {REMEDY}")
    for predictions in splits.values() if task else ():
        _check_task(predictions, task, path)
    return dict(sorted(splits.items()))


def _check_task(predictions: Predictions, task: Task, path: Path) -> None:
    experiment = predictions.trained_with.get(EXPERIMENT, task.name)
    unknown = sorted({*predictions.truths, *predictions.predicted} - {*task.labels})
    if unknown or experiment != task.name:
        reason = f"{task.name} knows no {unknown[0]}" if unknown else f"of {experiment}"
        raise UserError(f"{path} holds predictions of another experiment than {task.name} ({reason}): {REMEDY}")


def _read_split(group: h5py.Group, path: Path) -> Predictions:
    columns = [group[name].asstr("utf-8")[:] for name in ("audio_name", "groundtruth", "inference")]
    scores = group["scores"][:] if "scores" in group else None
    labels = tuple(group["scores"].attrs["labels"]) if scores is not None else ()
    lengths = {len(column) for column in (*columns, *([] if scores is None else [scores]))}
    if len(lengths) > 1 or 0 in lengths:
        raise UserError(f"{path}: the arrays of {group.name} are empty, or not of one length: {REMEDY}")
    trained_with = json.loads(group.attrs.get(TRAINED_WITH, "{}"))
    return Predictions(*(column.astype(str) for column in columns), scores, labels, trained_with)


def pooled(splits: Mapping[int, Predictions]) -> Predictions:
    """Predictions of several splits as one; scores only where all have them, for the same labels.

    Raises
    ------
    UserError
        where two splits predict a recording, whose chunks would vote twice.
    """
    _check_apart(splits)
    parts = list(splits.values())
    columns = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("audio_names", "truths", "predicted")
    )
    labels = parts[0].labels
    if any(part.scores is None or part.labels != labels for part in parts):
        return Predictions(*columns)
    return Predictions(*columns, np.concatenate([part.scores for part in parts]), labels)


def _check_apart(splits: Mapping[int, Predictions]) -> None:
    predicted_in: dict[str, int] = {}
    for split, predictions in splits.items():
        for recording in sorted({recording_name(chunk) for chunk in predictions.audio_names}):
            if recording in predicted_in:
                raise UserError(
                    f"split{predicted_in[recording]} and split{split} both predict {recording}: they are of different "
                    f"folds, or of such that test on it twice; {AGAIN} for all splits, or measure one by --splits"
                )
            predicted_in[recording] = split
