"""Scores of labelled recordings in one HDF5 file.

`names`, `folds` (n_clips,) UTF-8; `stamps` (n_clips, 2), size in bytes and time of the last change in ns of the
recordings, 0 where nobody noted them; `targets` (n_clips, n_classes), 1 where a class is present;
`scores/<classifier>/<transcoder>` (n_clips, n_labels) float32 with the attributes `labels`, `fingerprint` and `scored`,
when they last changed. Attributes of the file: `dataset`, `classes`, `paper`, `recordings` (a checksum of names and
labels), `version` of the package.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import h5py
import numpy as np

from audiokit.errors import UserError
from audiokit.files import UNKNOWN_STAMP, make_folder, write_whole
from audiokit.storage.hdf5_reading import open_hdf5_file
from audiokit.storage.hdf5_writing import new_hdf5_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from audiokit.labels.labelled_dataset import Clip, LabelledDataset

__all__ = ["ModelScores", "ScoreFile", "recordings_checksum", "score_path", "write_score_file"]


@dataclass(frozen=True)
class ModelScores:
    """What one model gives."""

    scores: NDArray[np.float32]
    """(n_clips, n_labels)"""

    labels: tuple[str, ...]
    fingerprint: str
    """Of the weights."""

    scored: int = 0
    """When they last changed, ns since 1970; 0 where nobody noted it."""


class ScoreFile:
    """Scores that are there; what is read is read when it is asked for.

    Attributes
    ----------
    names, folds : list of str
        of the recordings.
    stamps : (n_clips, 2) array
        `audiokit.files.stamp` of the recordings when they were scored; `UNKNOWN_STAMP` where nobody noted it.
    targets : (n_clips, n_classes) array
    recordings : str
        checksum of names and labels.
    fingerprints : dict
        of the models, `<classifier>/<transcoder>` → fingerprint.
    scored : dict
        of the models → when their scores last changed, ns since 1970; 0 where nobody noted it.

    Raises
    ------
    UserError
        where the file is missing, or is none of these.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            name, _, paper = path.stem.rpartition("-LOGITS")
            raise UserError(
                f"the scores are missing ({path}): make them with python3 exp_classif_eval/create_logit_dataset.py "
                f"--audio_dataset_name {name}{paper.replace('-', ' --')}"
            )
        try:
            with open_hdf5_file(path, remedy="delete it and make it anew") as file:
                self.names = list(file["names"].asstr()[:])
                self.folds = list(file["folds"].asstr()[:])
                self.stamps = file["stamps"][:] if "stamps" in file else _unknown(len(self.names))
                self.targets = file["targets"][:]
                self.recordings = str(file.attrs["recordings"])
                models = {
                    f"{classifier}/{transcoder}": scores
                    for classifier, group in file["scores"].items()
                    for transcoder, scores in group.items()
                }
                self.fingerprints = {name: str(scores.attrs["fingerprint"]) for name, scores in models.items()}
                self.scored = {name: int(scores.attrs.get("scored", 0)) for name, scores in models.items()}
        except (OSError, KeyError, TypeError) as error:
            raise UserError(f"{path} holds no scores ({error}): delete it and make it anew") from error

    def model(self, name: str) -> ModelScores:
        """What a model gives.

        Raises
        ------
        UserError
            where it is not there.
        """
        if name not in self.fingerprints:
            raise UserError(f"{self.path} has no scores of {name}, but of {', '.join(self.fingerprints)}: make them")
        with open_hdf5_file(self.path, remedy="delete it and make it anew") as file:
            stored = file["scores"][name]
            labels = tuple(json.loads(stored.attrs["labels"]))
            return ModelScores(stored[:], labels, self.fingerprints[name], self.scored[name])


def score_path(output_path: Path, dataset: str, *, paper: bool = False) -> Path:
    """Where the scores of a dataset lie."""
    return output_path / f"{dataset}-LOGITS{'-paper' if paper else ''}.h5"


def recordings_checksum(clips: Sequence[Clip]) -> str:
    """Differs where names, folds or labels differ."""
    told = [[clip.name, clip.fold, sorted(clip.classes)] for clip in clips]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def write_score_file(
    path: Path,
    dataset: LabelledDataset,
    clips: Sequence[Clip],
    models: Mapping[str, ModelScores],
    *,
    recordings: str,
    paper: bool,
    stamps: NDArray[np.int64] | None = None,
) -> None:
    """Write the scores of recordings; the file appears when it is whole.

    Parameters
    ----------
    clips
        those that could be used, in the order of the rows.
    models
        `<classifier>/<transcoder>` → what it gives.
    recordings
        checksum of those that were asked for.
    stamps : (n_clips, 2)
        `audiokit.files.stamp` of the recordings; unknown by default.
    """
    make_folder(path.parent)
    text = h5py.string_dtype()
    with write_whole(path) as partial, new_hdf5_file(partial) as (file, check):
        file.create_dataset("names", data=[clip.name for clip in clips], dtype=text)
        file.create_dataset("folds", data=[clip.fold for clip in clips], dtype=text)
        file.create_dataset("stamps", data=_unknown(len(clips)) if stamps is None else stamps)
        file.create_dataset("targets", data=dataset.targets(clips))
        for name, model in models.items():
            stored = file.create_dataset(f"scores/{name}", data=model.scores)
            stored.attrs["labels"] = json.dumps(model.labels)
            stored.attrs["fingerprint"] = model.fingerprint
            stored.attrs["scored"] = model.scored
            check()
        file.attrs["dataset"] = dataset.name
        file.attrs["classes"] = json.dumps(dataset.classes)
        file.attrs["recordings"] = recordings
        file.attrs["paper"] = paper
        file.attrs["version"] = version("spectral-transcoder")


def _unknown(n_clips: int) -> NDArray[np.int64]:
    """Stamps, (n_clips, 2), of recordings that nobody has looked at."""
    return np.full((n_clips, 2), UNKNOWN_STAMP, np.int64)
