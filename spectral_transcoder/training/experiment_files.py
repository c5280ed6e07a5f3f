"""Which results the training experiment leaves, and where they lie, each under its setting's identifier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import yaml

from audiokit.errors import UserError
from audiokit.files import whole_files, write_whole
from audiokit.storage.origins import Origin, is_current, noting
from audiokit.storage.wholeness import is_made
from spectral_transcoder.datasets.dataset_files import dataset_paths, joined_modalities

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    import torch

    from audiokit.experiments.plan import Setting

__all__ = ["METRICS", "SPLITS", "STUDENTS", "ExperimentFiles", "gives_mel", "hears_teacher"]

STUDENTS = ("self", "effnet_b0", "effnet_b7", "tagger")
"""Models that give scores without a Mel spectrogram."""

SPLITS = ("train", "valid", "eval")
METRICS = (
    "mel_mse", "logit_bce", "logit_kl", "logit_mse", "logit_cos", "ptopafc", "ptopafc_weighted",
    "logit_bce_tvb", "logit_kl_tvb", "logit_mse_tvb", "logit_cos_tvb", "ptopafc_tvb", "labels", "labels_tvb",
)  # fmt: skip
FOLDERS = ("model", "loss", "evaluation", "metric", "duration")
NAME = re.compile(r"(.+\+ts=[^_+]+)_")
"""An identifier, the last of whose factors is `ts`, and what follows in a file's name."""


@dataclass(frozen=True)
class ExperimentFiles:
    """The folder of an experiment; what `training_experiment` explains lies in it."""

    root: Path

    data: Path | None = None
    """Folder of the datasets, where it matters whether results are of these."""

    models: Path | None = None
    """Folder of pretrained weights, likewise."""

    teacher_weights: Path | None = None
    """A checkpoint of the teacher in place of the one below `models`."""

    def is_done(self, setting: Setting) -> bool:
        """Whether the results of a setting's step are there, whole, of what the step before has left, and not stale."""
        results = self._results(setting)
        if not is_made(results, inputs=self._inputs(setting)):
            return False
        return is_current(results, self._note(setting), self.origins(setting))

    def noting(self, setting: Setting) -> AbstractContextManager[None]:
        """Note what the results of a setting's step are made of, when the block that makes them has ended well."""
        return noting(self._note(setting), self.origins(setting))

    def origins(self, setting: Setting) -> dict[str, Origin]:
        """What the results of a setting's step are made of, besides what its other steps leave."""
        origins = {}
        if self.data:
            names, paths = joined_modalities(setting["dataset"]), dataset_paths(self.data, setting["dataset"])
            origins = {
                f"dataset {name}": Origin(path, _dataset_digest) for name, path in zip(names, paths, strict=True)
            }
        if hears_teacher(setting) and (weights := self._teacher(setting["classifier"])):
            origins["teacher"] = Origin(weights, tells_by_time=False)
        return origins

    def _teacher(self, name: str) -> Path | None:
        """The teacher's checkpoint, where it is known."""
        if self.teacher_weights or not self.models:
            return self.teacher_weights
        from teachers.registry import find_weights  # and PyTorch, as below

        return find_weights(name, self.models)

    def check(self, setting: Setting) -> None:
        """See that the step of a setting is done, for another one that builds on it.

        Raises
        ------
        UserError
            where it is not.
        """
        if self.is_done(setting):
            return
        first, *others = self._results(setting)
        missing = next((path for path in (first, *others) if not path.is_file()), None)
        fault = (
            f"{missing} is missing"
            if missing
            else f"{first} is not whole, or of another dataset, teacher or model than are here now"
        )
        raise UserError(f"{fault}: compute the step {setting['step']} of this setting first")

    def _results(self, setting: Setting) -> list[Path]:
        """What the step of a setting leaves for others."""
        match setting["step"]:
            case "train":
                return [self.model_path(setting), self.settings_path(setting)]
            case "evaluate":
                names = [f"logit_{split}" for split in SPLITS] if setting["transcoder"] == "oracle" else ["logit"]
                return [self.path("evaluation", setting, name) for name in names]
            case _:
                names = [name for name in METRICS if name != "mel_mse" or gives_mel(setting)]
                return [self.path("metric", setting, name) for name in names]

    def _inputs(self, setting: Setting) -> list[Path]:
        """What earlier steps have left for that of a setting."""
        match setting["step"]:
            case "train":
                return []
            case "evaluate":
                return [self.model_path(setting)]
            case _:
                return [self.model_path(setting), *self._results(setting.replace(step="evaluate"))]

    def _note(self, setting: Setting) -> Path:
        """Where it is noted what the results of a setting's step were made of."""
        folder = {"train": "model", "evaluate": "evaluation"}.get(setting["step"], "metric")
        return self.root / folder / f"{setting.identifier()}_made_of.json"

    def outputs(self, setting: Setting) -> list[Path]:
        """Files that the step of a setting has left so far, the checkpoint of a stopped training among them."""
        return sorted(path for folder in FOLDERS for path in (self.root / folder).glob(f"{setting.identifier()}_*"))

    def result(self, setting: Setting, name: str) -> np.ndarray | None:
        """Values of a metric, or None where they are not there."""
        path = self.path("metric", setting.replace(step="metric"), name)
        return np.load(path) if path.is_file() else None

    def losses(self, setting: Setting) -> dict[str, np.ndarray]:
        """Loss arrays by name, of a training that has ended, else of its checkpoint's whole epochs."""
        start = f"{setting.identifier()}_"
        paths = whole_files(self.root.joinpath("loss").glob(f"{start}losses_*.npy"))
        losses = {path.stem.removeprefix(start): np.load(path) for path in paths}
        if losses:
            return losses
        checkpoint = self._checkpoint(setting)
        begun = checkpoint["iteration"] if checkpoint["epoch"] else 0
        return {
            name: np.array(values[: len(values) - begun] if name.endswith("_train") else values)
            for name, values in checkpoint["losses"].items()
        }

    def kept_epoch(self, setting: Setting) -> int:
        """Epoch whose weights `best_state` gives, 0 for those before training."""
        from audiokit.learning.curves import kept_epoch

        path = self.settings_path(setting)
        if path.is_file():
            told = yaml.safe_load(path.read_text(encoding="utf-8")).get("kept_epoch")
            return kept_epoch(self.losses(setting)["losses_valid"]) if told is None else told
        checkpoint = self._checkpoint(setting)
        # A training that has started from weights does not keep these.
        first = 0 if checkpoint["options"].get("keeping", {}).get("untrained", True) else 1
        valid = checkpoint["losses"]["losses_valid"][first:]
        return first + kept_epoch(valid) if valid else 0

    def is_begun(self, setting: Setting) -> bool:
        """Whether a training has left a model, or a checkpoint to make one of."""
        return self.model_path(setting).is_file() or self.checkpoint_path(setting).is_file()

    def begun_identifiers(self) -> set[str]:
        """Identifiers of all settings that have left a file in the folder, whatever plans these are of."""
        names = (path.name for folder in FOLDERS for path in (self.root / folder).glob("*"))
        return {match[1] for match in map(NAME.match, names) if match}

    def best_state(self, setting: Setting) -> dict[str, torch.Tensor]:
        """Weights of a training that has ended, else the best so far of its checkpoint."""
        from audiokit.learning.checkpoints import read_tensors

        path = self.model_path(setting)
        if path.is_file():
            return read_tensors(path, remedy="delete it and train again")
        return self._checkpoint(setting)["best_state"]

    def _checkpoint(self, setting: Setting) -> dict:
        from audiokit.learning.checkpoints import read_tensors  # and PyTorch, which tables of results do not need

        return read_tensors(self.checkpoint_path(setting), remedy="delete it and train again")

    def path(self, folder: str, setting: Setting, name: str) -> Path:
        """File of an array."""
        return self.root / folder / f"{setting.identifier()}_{name}.npy"

    def model_path(self, setting: Setting) -> Path:
        """Weights that training leaves."""
        return self.root / "model" / f"{setting.replace(step='train').identifier()}_model"

    def checkpoint_path(self, setting: Setting) -> Path:
        """Checkpoint of a training that is under way."""
        return self.root / "model" / f"{setting.replace(step='train').identifier()}_checkpoint"

    def settings_path(self, setting: Setting) -> Path:
        """What the network beside it is."""
        model = self.model_path(setting)
        return model.with_name(f"{model.name}_settings.yaml")

    def save(self, folder: str, setting: Setting, name: str, values: np.ndarray) -> None:
        """Write an array, whole or not at all."""
        path = self.path(folder, setting, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_whole(path) as partial:
            np.save(partial, values, allow_pickle=False)

    def load(self, folder: str, setting: Setting, name: str) -> np.ndarray:
        """Read an array of an earlier step.

        Raises
        ------
        UserError
            where it is missing.
        """
        path = self.path(folder, setting, name)
        if not path.is_file():
            raise UserError(f"{path} is missing: compute the step {setting['step']} of this setting first")
        return np.load(path)


def _dataset_digest(path: Path) -> str:
    from spectral_transcoder.datasets.chunk_dataset import dataset_digest  # and PyTorch, as above

    return dataset_digest(path)


def hears_teacher(setting: Setting) -> bool:
    """Whether what the step of a setting leaves depends on the teacher's weights, and not on its front end alone."""
    match setting["step"]:
        case "train":
            learns_from_it = setting["ts"] == 1 and setting.get("objective") not in ("likelihood", "mels")
            return bool(learns_from_it or setting.get("balance"))
        case "evaluate":
            return setting["transcoder"] not in STUDENTS
        case _:
            return True


def gives_mel(setting: Setting) -> bool:
    """Whether there is a Mel spectrogram to compare with the teacher's, which the oracle has by definition."""
    return setting["transcoder"] not in ("oracle", *STUDENTS)
