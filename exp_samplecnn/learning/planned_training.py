"""The settings of the plans: what is done for each, and where its results lie.

Each setting has a folder of its own, its identifier without the step, with what train.py leaves in `log/` and the
measures of the finished network, `measures.npz`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.experiments.plan import Setting
from audiokit.files import make_folder, whole_files, write_whole
from exp_samplecnn.learning.log_folders import RECORDINGS, begin, check_options

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_samplecnn.learning.stages import StageOptions

__all__ = ["PlannedTraining"]

ELSEWHERE = ("device", "compile")
"""Options that may be others where a training goes on, or is used."""


@dataclass(frozen=True)
class PlannedTraining:
    """What the steps of the plans are done with."""

    root: Path
    data: Path
    """Folder of the datasets, as `--data-dir` of build_dataset.py."""
    options: StageOptions
    """But for the seed."""

    def run(self, setting: Setting) -> None:
        """Do the step of a setting.

        Raises
        ------
        UserError
            where the store of the dataset or the network is missing, or was trained with other options or recordings.
        """
        if setting["step"] == "train":
            self._train(setting)
        else:
            self._measure(setting)

    def _train(self, setting: Setting) -> None:
        from exp_samplecnn.data.segment_store import SegmentStore, store_path
        from exp_samplecnn.data.standardisation import paper_standardisation
        from exp_samplecnn.learning.finishing import finish
        from exp_samplecnn.learning.model_files import ModelSettings
        from exp_samplecnn.learning.stages import StagedTraining
        from exp_samplecnn.tasks import TASKS

        task = TASKS[setting["dataset"]]
        store = SegmentStore.open(store_path(self.data, task), task.name)
        settings = ModelSettings(
            dataset=task.name,
            labels=store.task.labels,
            block=setting["block"],
            multi=bool(setting["multi"]),
            amplifying_ratio=float(setting["ratio"]),
            standardisation=paper_standardisation(task),
        )
        options = replace(self.options, seed=setting["seed"])
        folder = make_folder(self.folder(setting))
        stages = {name: value for name, value in asdict(options).items() if name not in ELSEWHERE}
        begin(folder, {RECORDINGS: store.fingerprint, "model": settings.describe(), "training": stages})
        if self.is_done(setting):
            return
        training = StagedTraining(store, settings, options, folder)
        training.run()
        finish(training)

    def _measure(self, setting: Setting) -> None:
        from exp_samplecnn.data.clips import TEST
        from exp_samplecnn.evaluation.measures import measure
        from exp_samplecnn.evaluation.scores import clip_scores
        from exp_samplecnn.learning.trained import open_trained

        trained = open_trained(self.folder(setting), self.data, setting["dataset"])
        store = trained.store
        check_options(self.folder(setting), {RECORDINGS: store.fingerprint})
        scores = clip_scores(
            trained.network,
            store,
            TEST,
            standardisation=trained.settings.standardisation,
            batch_size=self.options.batch_size,
            device=self.options.device,
        )
        measured = measure(store.targets[store.clips_of(TEST)], scores, threshold=store.task.threshold)
        with write_whole(self._measures(setting)) as partial:
            np.savez(partial, **(measured.overall | measured.by_clip))

    def folder(self, setting: Setting) -> Path:
        """Where the results of a setting lie."""
        factors = {name: modality for name, modality in setting.items() if name != "step"}
        return self.root / Setting(setting.plan, factors).identifier()

    def _measures(self, setting: Setting) -> Path:
        return self.folder(setting) / "measures.npz"

    def is_done(self, setting: Setting) -> bool:
        """Whether the results of a setting's step are there."""
        if setting["step"] == "train":
            return bool(whole_files(self.folder(setting).glob("final-*.safetensors")))
        return self._measures(setting).is_file()

    def outputs(self, setting: Setting) -> list[Path]:
        """Files that the step of a setting has left so far."""
        measures = self._measures(setting)
        if setting["step"] == "metric":
            return [measures]
        return sorted(path for path in self.folder(setting).glob("*") if path != measures)

    def result(self, setting: Setting, name: str) -> NDArray[np.float64] | None:
        """Values of a metric, or None where they are not there."""
        path = self._measures(setting)
        if not path.is_file():
            return None
        with np.load(path) as values:
            return values[name]
