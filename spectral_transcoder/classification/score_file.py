"""Scores of labelled recordings in one HDF5 file.

`names`, `folds` (n_clips,) UTF-8; `targets` (n_clips, n_classes), 1 where a class is present; `scores/<classifier>/
<transcoder>` (n_clips, n_labels) float32 with the attributes `labels` and `fingerprint`. Attributes of the file:
`dataset`, `classes`, `paper`, `recordings` (a checksum of names and labels), `version` of the package.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import h5py

from spectral_transcoder.datasets.hdf5_writing import new_hdf5_file
from spectral_transcoder.errors import UserError
from spectral_transcoder.files import make_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from spectral_transcoder.classification.labelled_dataset import Clip, LabelledDataset

__all__ = ["ModelScores", "ScoreFile", "recordings_checksum", "score_path", "write_score_file"]


@dataclass(frozen=True)
class ModelScores:
    """What one model gives."""

    scores: NDArray[np.float32]
    """(n_clips, n_labels)"""

    labels: tuple[str, ...]
    fingerprint: str
    """Of the weights."""


class ScoreFile:
    """Scores that are there; what is read is read when it is asked for.

    Attributes
    ----------
    names, folds : list of str
        of the recordings.
    targets : (n_clips, n_classes) array
    recordings : str
        checksum of names and labels.
    fingerprints : dict
        of the models, `<classifier>/<transcoder>` → fingerprint.

    Raises
    ------
    UserError
        where the file is missing, or is none of these.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with h5py.File(path) as file:
                self.names = list(file["names"].asstr()[:])
                self.folds = list(file["folds"].asstr()[:])
                self.targets = file["targets"][:]
                self.recordings = str(file.attrs["recordings"])
                self.fingerprints = {
                    f"{classifier}/{transcoder}": str(scores.attrs["fingerprint"])
                    for classifier, group in file["scores"].items()
                    for transcoder, scores in group.items()
                }
        except FileNotFoundError as error:
            name, _, paper = path.stem.rpartition("-LOGITS")
            raise UserError(
                f"the scores are missing ({path}): make them with python3 exp_classif_eval/create_logit_dataset.py "
                f"--audio_dataset_name {name}{paper.replace('-', ' --')}"
            ) from error
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
        with h5py.File(self.path) as file:
            stored = file["scores"][name]
            return ModelScores(stored[:], tuple(json.loads(stored.attrs["labels"])), self.fingerprints[name])


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
    """
    make_folder(path.parent)
    text = h5py.string_dtype()
    with write_whole(path) as partial, new_hdf5_file(partial) as (file, check):
        file.create_dataset("names", data=[clip.name for clip in clips], dtype=text)
        file.create_dataset("folds", data=[clip.fold for clip in clips], dtype=text)
        file.create_dataset("targets", data=dataset.targets(clips))
        for name, model in models.items():
            stored = file.create_dataset(f"scores/{name}", data=model.scores)
            stored.attrs["labels"] = json.dumps(model.labels)
            stored.attrs["fingerprint"] = model.fingerprint
            check()
        file.attrs["dataset"] = dataset.name
        file.attrs["classes"] = json.dumps(dataset.classes)
        file.attrs["recordings"] = recordings
        file.attrs["paper"] = paper
        file.attrs["version"] = version("spectral-transcoder")
