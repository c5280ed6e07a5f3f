"""The settings of the plans on EMVD: what is done for each, and where its results lie.

Each setting has a folder of its own, its identifier without the step, and in it the original's files: model/, losses/,
outputs/ and results/. So several settings can be computed at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.experiments.plan import Setting
from audiokit.files import make_folder, write_whole
from exp_emvd.learning.experiment_files import ExperimentFiles
from exp_emvd.plans import ALL, N_SPLITS, needs, pooled_setting
from exp_emvd.tasks import BATCH_SIZE, TASKS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_emvd.evaluation.measures import Measures
    from exp_emvd.evaluation.predictions import Predictions
    from exp_emvd.learning.emvd_experiment import EmvdExperiment
    from exp_emvd.learning.split_data import EmvdData

__all__ = ["PlannedExperiment", "measured_values"]

RECALL = "recall_"


@dataclass(frozen=True)
class PlannedExperiment:
    """What the steps of the plans are done with."""

    root: Path
    dataset: Path
    """Store of chunks, of create_dataset.py."""

    batch_size: int = BATCH_SIZE
    device: str = "auto"
    """For `audiokit.devices.choose_device`."""

    mixed_precision: bool = False
    n_splits: int = N_SPLITS

    def run(self, setting: Setting) -> None:
        """Do the step of a setting.

        Raises
        ------
        UserError
            where what it works on is missing, or was made otherwise.
        """
        match setting["step"]:
            case "train":
                self._experiment(setting).train(setting["split"])
            case "eval":
                for measured in (setting, pooled_setting(setting)):
                    self._measures(measured).unlink(missing_ok=True)
                self._experiment(setting).evaluate(setting["split"])
            case _:
                self._measure(setting)

    def _experiment(self, setting: Setting) -> EmvdExperiment:
        from audiokit.devices import can_mix_precision, choose_device
        from exp_emvd.learning.emvd_experiment import EmvdExperiment

        device = choose_device(self.device)
        return EmvdExperiment(
            TASKS[setting["task"]],
            self._data(setting["folds"]),
            self.files(setting),
            epochs=setting["epoch"],
            batch_size=self.batch_size,
            seed=setting["seed"],
            device=str(device),
            paper=bool(setting["paper"]),
            mixed_precision=self.mixed_precision and can_mix_precision(device),
        )

    def _data(self, folds: str) -> EmvdData:
        if folds not in self._data_of_folds:
            from exp_emvd.learning.split_data import read_data

            data = read_data(self.dataset, by_singer=folds == "singer")
            if len(data.parts) != self.n_splits:
                raise UserError(f"{self.dataset} has {len(data.parts)} splits: give --n_splits {len(data.parts)}")
            self._data_of_folds[folds] = data
        return self._data_of_folds[folds]

    @cached_property
    def _data_of_folds(self) -> dict[str, EmvdData]:
        """What has been read, by the way the folds are drawn."""
        return {}

    def _measure(self, setting: Setting) -> None:
        """Measure predictions, and write them, the measures in words and numbers, and a picture."""
        from exp_emvd.evaluation.measures import measure, original_text, report
        from exp_emvd.evaluation.predictions import pooled, write_predictions

        if self.dataset.is_file():
            self._data(setting["folds"])  # which has as many splits as are to be pooled
        paper = bool(setting["paper"])
        splits = self._predictions(setting)
        measures = measure(pooled(splits), TASKS[setting["task"]].shown, by_score=not paper)
        if setting["split"] == ALL:
            write_predictions(self.files(setting).predictions, splits)
        results = make_folder(self._folder(setting) / "results")
        if setting["task"] == "t_multiclass":
            from exp_emvd.figures.confusion_picture import write_confusions

            write_confusions(measures, results, name=setting["task"], paper=paper)
        with write_whole(results / "measures.txt") as partial:
            text = original_text(measures) if paper else report(measures)
            partial.write_text(f"{text}\n", encoding="utf-8")
        with write_whole(self._measures(setting)) as partial, partial.open("wb") as file:
            np.savez(file, **measured_values(measures))

    def _predictions(self, setting: Setting) -> dict[int, Predictions]:
        """Predictions of the split of a setting, or of all where it pools them."""
        from exp_emvd.evaluation.predictions import read_predictions

        predicted = {one["split"]: self.files(one) for one in needs(setting, n_splits=self.n_splits)}
        task = TASKS[setting["task"]]
        return {split: read_predictions(files.predictions, task)[split] for split, files in predicted.items()}

    # Files

    def files(self, setting: Setting) -> ExperimentFiles:
        """Files of a setting, under the original's names."""
        return ExperimentFiles(self._folder(setting), setting["task"])

    def _folder(self, setting: Setting) -> Path:
        factors = {name: modality for name, modality in setting.items() if name != "step"}
        return self.root / Setting(setting.plan, factors).identifier()

    def _measures(self, setting: Setting) -> Path:
        return self._folder(setting) / "results" / "measures.npz"

    def is_done(self, setting: Setting) -> bool:
        """Whether the results of a setting's step are there."""
        files = self.files(setting)
        match setting["step"]:
            case "train":
                return files.is_trained(setting["split"])
            case "eval":
                return files.predictions.is_file()
            case _:
                return self._measures(setting).is_file()

    def outputs(self, setting: Setting) -> list[Path]:
        """Folders that the step of a setting writes."""
        names = {"train": ("model", "losses"), "eval": ("outputs",), "metric": ("results",)}[setting["step"]]
        pooled = ("outputs",) if setting["split"] == ALL else ()
        return [self._folder(setting) / name for name in (*names, *pooled)]

    def result(self, setting: Setting, name: str) -> NDArray[np.float64] | None:
        """Values of a metric, or None where they are not there."""
        path = self._measures(setting)
        if not path.is_file():
            return None
        with np.load(path) as values:
            return values.get(name)


def measured_values(measures: Measures) -> dict[str, NDArray[np.float64]]:
    """Metric → 1 or 0 for each recording, in the order of their names, or a single number for all."""
    correct, truths = measures.votes.correct.astype(float), measures.votes.truths
    recalls = {f"{RECALL}{label}": correct[truths == label] for label in measures.labels if (truths == label).any()}
    return {
        "micro_accuracy": correct,
        "macro_accuracy": np.array(measures.mean_recall),
        "chunk_accuracy": np.array(measures.chunk_accuracy),
        **recalls,
    }
