"""The paper's second experiment: classes of labelled recordings from a teacher's scores, with and without a transcoder.

What a setting does in each step, and where that goes below the experiment's folder, under the setting's identifier:

train (deep=1)
    `model/<id>_model_fold.safetensors`, the heads of all rounds; `loss/<id>_loss_train.npy` and `_loss_eval.npy`,
    (n_rounds, n_epochs).
eval (deep=1)
    `predictions/<id>_predictions.npy`, (n_clips, n_classes), NaN for clips that no round evaluates.
metric
    `metrics/<id>_acc_classif.npy`, whether each evaluated clip is right; `<id>_macro_auprc.npy`, a number;
    `<id>_auprc.npy` and `<id>_confusion.npy`, by class. With deep=0, from the groups of labels, and
    `<id>_made_of.json` tells which these were.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from audiokit.labels.metrics import confusion, correct, precision_recall_areas
from audiokit.storage.origins import Origin, is_current, noting
from audiokit.storage.wholeness import is_made
from spectral_transcoder.classification.decisions import decide_by_groups, decide_by_heads
from spectral_transcoder.classification.score_file import ScoreFile, score_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    import torch

    from audiokit.experiments.plan import Setting
    from audiokit.labels.labelled_dataset import LabelledDataset, Round
    from spectral_transcoder.classification.grouped_dataset import GroupedDataset
    from spectral_transcoder.classification.score_file import ModelScores

__all__ = ["METRICS", "ClassificationExperiment"]

METRICS = ("acc_classif", "macro_auprc", "auprc", "confusion")


@dataclass(frozen=True)
class ClassificationExperiment:
    """What the steps of the experiment need to know besides the setting."""

    root: Path
    """Folder that results go to."""

    data: Path
    """Folder of the scores."""

    dataset_named: Callable[[str], GroupedDataset]
    paper: bool = False
    """Take the scores that were made as the original makes them."""

    _told: set[str] = field(default_factory=set, repr=False, compare=False)
    """What need not be said again."""

    def run(self, setting: Setting) -> None:
        """Do the step of a setting."""
        steps = {"train": self._train, "eval": self._evaluate, "metric": self._measure}
        with self._noting(setting):
            steps[setting["step"]](setting)

    def is_done(self, setting: Setting) -> bool:
        """Whether the step's own results are there, whole, and of the scores and heads that are there now."""
        before = {"eval": "train", "metric": "eval"}.get(setting["step"]) if setting["deep"] else None
        inputs = self._results(setting.replace(step=before)) if before else []
        scored, results = self._scored(setting), self._results(setting)
        if scored is None or not is_made(results, inputs=inputs, since=scored):
            return False
        return is_current(results, self._note(setting), self._groups(setting))

    def _noting(self, setting: Setting) -> AbstractContextManager[None]:
        """Note what the results that the block makes are made of, besides scores, which tell when they changed."""
        groups = self._groups(setting)
        return noting(self._note(setting), groups) if groups else nullcontext()

    def _groups(self, setting: Setting) -> dict[str, Origin]:
        """The table of groups, where a setting's results are made of that and not of heads."""
        return {} if setting["deep"] else {"groups": Origin(self.dataset_named(setting["dataset"]).groups)}

    def _scored(self, setting: Setting) -> int | None:
        """When the scores that a setting works on last changed, ns since 1970; 0 where nobody can tell.

        None where the file has no scores of that model any more: results are then of recordings before these.
        """
        path = score_path(self.data, setting["dataset"], paper=self.paper)
        model = f"{setting['classifier']}/{setting['transcoder']}"
        return ScoreFile(path).scored.get(model) if path.is_file() else 0

    def lacks(self, setting: Setting) -> str:
        """Scores that are missing, if any."""
        path = score_path(self.data, setting["dataset"], paper=self.paper)
        if not path.is_file():
            command = f"create_logit_dataset.py{' --paper' if self.paper else ''}"
            return f"there are no scores of {setting['dataset']} ({path}); make them with {command}"
        classifier = setting["classifier"]
        model = f"{classifier}/{setting['transcoder']}"
        models = ScoreFile(path).fingerprints
        if model in models:
            return ""
        is_known = any(name.startswith(f"{classifier}/") for name in models)
        return f"{path} has no scores of {model if is_known else classifier}"

    def outputs(self, setting: Setting) -> list[Path]:
        """Files that the step of a setting has left."""
        losses = [self._path("loss", setting, f"loss_{part}") for part in ("train", "eval")]
        return [path for path in (*self._results(setting), *losses, self._note(setting)) if path.is_file()]

    def result(self, setting: Setting, name: str) -> np.ndarray | None:
        """Values of a metric, or None where they are not there."""
        path = self._path("metrics", setting.replace(step="metric"), name)
        return np.load(path) if path.is_file() else None

    # Steps

    def _train(self, setting: Setting) -> None:
        from safetensors.torch import save

        from spectral_transcoder.classification.head import train_heads

        dataset, file, model = self._scores(setting)
        rounds = self._rounds(dataset, file)
        heads = train_heads(model.scores, file.targets, rounds, is_multilabel=dataset.is_multilabel)
        for name in ("losses_train", "losses_eval"):
            stored = name.replace("losses", "loss")
            self._save("loss", setting, stored, np.stack([getattr(head, name) for head in heads]))
        states = {
            f"{one.name}.{key}": tensor
            for one, head in zip(rounds, heads, strict=True)
            for key, tensor in head.state.items()
        }
        path = self._model_path(setting)
        make_folder(path.parent)
        with write_whole(path) as partial:
            partial.write_bytes(save(states))

    def _evaluate(self, setting: Setting) -> None:
        from spectral_transcoder.classification.head import predict

        dataset, file, model = self._scores(setting)
        rounds = self._rounds(dataset, file)
        states = self._states(setting.replace(step="train"), rounds)
        self._save("predictions", setting, "predictions", predict(model.scores, rounds, states))

    def _measure(self, setting: Setting) -> None:
        dataset, file, model = self._scores(setting)
        evaluated = dataset.evaluated(file.folds)
        if setting["deep"]:
            decided = decide_by_heads(dataset, self._predictions(setting.replace(step="eval"), len(file.names)))
        else:
            self._tell_missing_folds(dataset, file)
            decided = decide_by_groups(dataset, model.scores, model.labels)
        targets = file.targets[evaluated]
        self._tell_absent_classes(dataset, targets)
        predictions, decisions = decided.predictions[evaluated], decided.decisions[evaluated]
        areas = precision_recall_areas(targets, predictions)
        values = {
            "acc_classif": correct(targets, decisions),
            "macro_auprc": np.array(np.nanmean(areas)),
            "auprc": areas,
            "confusion": confusion(targets, decisions),
        }
        for name, value in values.items():
            self._save("metrics", setting, name, value)

    # What the steps work on

    def _scores(self, setting: Setting) -> tuple[GroupedDataset, ScoreFile, ModelScores]:
        dataset = self.dataset_named(setting["dataset"])
        file = ScoreFile(score_path(self.data, dataset.name, paper=self.paper))
        return dataset, file, file.model(f"{setting['classifier']}/{setting['transcoder']}")

    def _rounds(self, dataset: LabelledDataset, file: ScoreFile) -> list[Round]:
        self._tell_missing_folds(dataset, file)
        return dataset.rounds(file.folds)

    def _tell_missing_folds(self, dataset: LabelledDataset, file: ScoreFile) -> None:
        """Say where a dataset is there in part."""
        if missing := dataset.missing_folds(file.folds):
            there = f"{len(dataset.folds) - len(missing)} of {len(dataset.folds)} folds are here"
            self._tell(f"{dataset.name}: {there}, without {', '.join(missing)}; results are of these")

    def _tell_absent_classes(self, dataset: LabelledDataset, targets: np.ndarray) -> None:
        """Say which classes have no area, which the mean of the others does not show."""
        if absent := [
            name for name, is_there in zip(dataset.classes, targets.any(axis=0), strict=True) if not is_there
        ]:
            others = len(dataset.classes) - len(absent)
            reason = f"of the recordings that are evaluated none is of {', '.join(absent)}"
            self._tell(f"{dataset.name}: {reason}; macro-AUPRC is the mean of the other {others} classes")

    def _tell(self, line: str) -> None:
        """Say something once."""
        if line not in self._told:
            self._told.add(line)
            tqdm.write(line, file=sys.stderr)

    def _states(self, setting: Setting, rounds: list[Round]) -> list[dict[str, torch.Tensor]]:
        """Weights of the heads of all rounds."""
        from audiokit.learning.checkpoints import read_tensors

        path = self._model_path(setting)
        if not path.is_file():
            raise UserError(f"{path} is missing: compute the step train of this setting first")
        tensors = read_tensors(path, remedy="delete it and train again")
        states = [
            {key.partition(".")[2]: tensor for key, tensor in tensors.items() if key.startswith(f"{one.name}.")}
            for one in rounds
        ]
        if not all(states):
            raise UserError(f"{path} has no heads for all folds that are there now: train again")
        return states

    def _predictions(self, setting: Setting, n_clips: int) -> np.ndarray:
        path = self._path("predictions", setting, "predictions")
        if not path.is_file():
            raise UserError(f"{path} is missing: compute the step eval of this setting first")
        predictions = np.load(path)
        if len(predictions) != n_clips:
            raise UserError(f"{path} is of other recordings than the scores: compute train and eval again")
        return predictions

    # Where things are

    def _results(self, setting: Setting) -> list[Path]:
        """What others build on."""
        match setting["step"]:
            case "train":
                return [self._model_path(setting)]
            case "eval":
                return [self._path("predictions", setting, "predictions")]
        return [self._path("metrics", setting, name) for name in METRICS]

    def _note(self, setting: Setting) -> Path:
        """Where it is noted which groups of labels results were made of."""
        return self.root / "metrics" / f"{setting.identifier()}_made_of.json"

    def _path(self, folder: str, setting: Setting, name: str) -> Path:
        return self.root / folder / f"{setting.identifier()}_{name}.npy"

    def _model_path(self, setting: Setting) -> Path:
        return self.root / "model" / f"{setting.identifier()}_model_fold.safetensors"

    def _save(self, folder: str, setting: Setting, name: str, values: np.ndarray) -> None:
        path = self._path(folder, setting, name)
        make_folder(path.parent)
        with write_whole(path) as partial:
            np.save(partial, values, allow_pickle=False)
