"""Folders of recordings to evaluate on, and what the names of the recordings tell of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.labels.labelled_dataset import Clip
from exp_classif_eval.labelled_datasets import dataset_named
from spectral_transcoder.soundscapes.recording_names import ESC_NAME, URBAN_NAME, recording_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spectral_transcoder.classification.grouped_dataset import GroupedDataset

__all__ = ["EvaluationRecording", "EvaluationSet", "find_set"]

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")

FOLD = re.compile(r"fold(\d+)")
"""Folders of UrbanSound8K."""

LABELLED = ("ESC-10", "ESC-50", "URBAN-SOUND-8K")
"""Datasets whose recordings are named so; the first that has all classes of a folder is meant."""

ESC_10_TARGETS = {
    "001": "dog", "002": "rain", "003": "sea_waves", "004": "crying_baby", "005": "clock_tick", "006": "sneezing",
    "007": "helicopter", "008": "chainsaw", "009": "rooster", "010": "crackling_fire",
}  # fmt: skip
"""Numbers of ESC-10's own archive; others are those of ESC-50."""


@dataclass(frozen=True)
class EvaluationRecording:
    """A recording."""

    path: Path
    source: str
    """As lists of recordings call it."""

    clip: Clip | None = None
    """Its class and fold, where the name tells them."""


@dataclass(frozen=True)
class EvaluationSet:
    """Recordings that make a table."""

    title: str
    folder: Path
    recordings: tuple[EvaluationRecording, ...]
    dataset: GroupedDataset | None = None
    """That the names tell the classes of; None where they do not."""


def find_set(folder: Path, *, match: str = "*") -> EvaluationSet:
    """Recordings in a folder and those below it.

    Parameters
    ----------
    folder
        which gives its name; one of a single fold is named with the folder that it is in.
    match
        pattern that names must match.

    Raises
    ------
    UserError
        where there are none.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: name folders of recordings")
    paths = sorted(path for path in folder.rglob(match) if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UserError(f"no recordings in {folder} are called {match}")
    recordings = tuple(_recording(path, folder) for path in paths)
    name = folder.resolve().name
    title = f"{folder.resolve().parent.name}/{name}" if FOLD.fullmatch(name) else name
    return EvaluationSet(title, folder, recordings, _dataset_of(recordings))


def _recording(path: Path, folder: Path) -> EvaluationRecording:
    name = path.relative_to(folder).as_posix()
    if found := ESC_NAME.fullmatch(path.stem):
        label, fold = _esc_label(found["target"]), found["fold"]
    elif found := URBAN_NAME.fullmatch(path.stem):
        in_fold = FOLD.fullmatch(path.absolute().parent.name)
        label = dataset_named("URBAN-SOUND-8K").classes[int(found["target"])]
        fold = in_fold[1] if in_fold else ""
    else:
        label, fold = None, ""
    clip = Clip(name, fold, frozenset({label})) if label else None
    return EvaluationRecording(path, recording_name(path.stem), clip)


def _esc_label(target: str) -> str | None:
    """Class of a number; None for those of ESC-50's older archives, which are others."""
    classes = dataset_named("ESC-50").classes
    if len(target) == len("001"):
        return ESC_10_TARGETS.get(target)
    return classes[int(target)] if int(target) < len(classes) else None


def _dataset_of(recordings: Sequence[EvaluationRecording]) -> GroupedDataset | None:
    if any(recording.clip is None for recording in recordings):
        return None
    present = frozenset().union(*(recording.clip.classes for recording in recordings))
    return next((dataset for dataset in map(dataset_named, LABELLED) if present <= set(dataset.classes)), None)
