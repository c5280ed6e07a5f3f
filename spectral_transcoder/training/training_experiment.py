"""The paper's first experiment: transcoders are trained, and compared with their teacher on its own Mel spectrograms.

What a setting does in each step, and where that goes below the experiment's folder, under the setting's identifier:

train
    `model/<id>_model` (state dict) and `<id>_model_settings.yaml`; `loss/<id>_losses_train.npy` …;
    `duration/<id>_train_duration.npy`.
evaluate
    `evaluation/<id>_logit.npy`, the teacher's scores of each chunk of the split `eval`, and `<id>_mel_mse.npy`. For the
    oracle the scores of all splits, `<id>_logit_train.npy` …, which are the targets of training.
metric
    `metric/<id>_<metric>.npy`, one value a recording.

Beside the results of each step lies `<id>_made_of.json`, which tells the dataset and the teacher that they were
made of, as `audiokit.storage.origins` describes it. With another dataset of the same name, or other weights of the
teacher, they are not done.

A modality of the factor `dataset` may name several, as in `scenes&esc10`: they are one dataset then, each of them with
the same share of an epoch. The teacher's scores of such are put together from those of each, which are kept, too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import yaml

from audiokit.errors import UserError
from audiokit.files import write_whole
from audiokit.learning.batches import memory_sources
from audiokit.learning.keeping import Keeping
from audiokit.learning.options import TrainingOptions
from audiokit.learning.scalars import tensorboard_scalars
from audiokit.learning.trainer import Trainer
from audiokit.paths import ROOT
from audiokit.storage.origins import Origin, digests
from spectral_transcoder.datasets.dataset_files import dataset_paths
from spectral_transcoder.hearing import BESIDE_TAGGER
from spectral_transcoder.training import metrics
from spectral_transcoder.training.augmentation import Augmentation
from spectral_transcoder.training.evaluation import (
    Evaluated,
    evaluate_student,
    evaluate_tagger,
    evaluate_transcoder,
)
from spectral_transcoder.training.experiment_files import METRICS, SPLITS, STUDENTS, ExperimentFiles, gives_mel
from spectral_transcoder.training.losses import (
    DistillationObjective,
    HybridObjective,
    LikelihoodObjective,
    MelObjective,
    ScoreObjective,
    TaggerObjective,
)
from spectral_transcoder.training.networks import new_network, trained_network
from spectral_transcoder.training.settings import (
    AVERAGING,
    LONGEST_GRADIENT,
    SCHEDULES,
    SEED,
    batch_size,
    done_settings,
    stored_name,
    targets,
)
from spectral_transcoder.training.teacher_scores import TeacherScores
from spectral_transcoder.training.training_data import JoinedDatasets, balanced_shares, equal_shares
from spectral_transcoder.training.windows import Microphones, in_windows, runs_of_seconds, window_rows
from spectral_transcoder.transcoders.tagger import WINDOW_SECONDS
from teachers.label_groups import group_indices
from teachers.registry import front_end_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from audiokit.experiments.plan import Setting

__all__ = ["TrainingExperiment"]


@dataclass(frozen=True)
class TrainingExperiment:
    """What the steps of the experiment need to know besides the setting."""

    root: Path
    """Folder that results go to."""

    data: Path
    """Folder of the datasets, `<data>/<name>/<name>.h5`."""

    models: Path = ROOT
    """Folder of pretrained weights."""

    teacher_weights: Path | None = None
    """A checkpoint of the teacher in place of the one below `models`."""

    device: str = "cpu"
    paper: bool = False
    """Validate and evaluate in train mode, as the original does."""

    mixed_precision: bool = False
    compile: bool = False
    cuda_graphs: bool = False
    batch_size: int | None = None
    """In place of the plan's."""

    patience: int | None = None
    minutes: float | None = None
    """After which a training ends, its learning rate with it."""

    checkpoint_seconds: float = 300
    """Longest time between checkpoints within an epoch."""

    start_from: Path | None = None
    """Weights of a transcoder of the same shape to start training from, in place of random ones."""

    tensorboard: Path | None = None

    @property
    def files(self) -> ExperimentFiles:
        """Where results lie."""
        return ExperimentFiles(self.root, self.data, self.models, self.teacher_weights)

    @property
    def _teacher_scores(self) -> TeacherScores:
        return TeacherScores(self.files, self.models, self.teacher_weights, self.device)

    def outputs(self, setting: Setting) -> list[Path]:
        """Files that the step of a setting has left so far, the checkpoint of a stopped training among them."""
        return self.files.outputs(setting)

    def result(self, setting: Setting, name: str) -> np.ndarray | None:
        """Values of a metric, or None where they are not there."""
        return self.files.result(setting, name)

    def run(self, setting: Setting) -> None:
        """Do the step of a setting."""
        torch.manual_seed(setting.get("seed", SEED))
        steps = {"train": self._train, "evaluate": self._evaluate, "metric": self._measure}
        start = time.perf_counter()
        with self.files.noting(setting):
            steps[setting["step"]](setting)
        self.files.save("duration", setting, "duration", np.array(time.perf_counter() - start))

    def is_done(self, setting: Setting) -> bool:
        """Whether the step's own results are there, and of what is here now."""
        return self.files.is_done(setting)

    # Steps

    def _train(self, setting: Setting) -> None:
        if self.compile and torch.device(self.device).type == "cpu":
            # Its compiler fails at the gradient of replicated edges there (PyTorch 2.13).
            raise UserError("torch.compile does not work for transcoders on a CPU: leave out --compile")
        network = new_network(
            setting,
            models=self.models,
            load_teacher=lambda: self._teacher_scores.teacher(setting),
            start_from=self.start_from,
        )
        sources = memory_sources(
            {split: self._items(setting, split) for split in SPLITS},
            self.batch_size or batch_size(setting),
            device=self.device,
            seed=setting.get("seed", SEED),
            shares=self._shares(setting),
        )
        checkpoint = self.files.checkpoint_path(setting)
        with tensorboard_scalars(self.tensorboard / setting.identifier() if self.tensorboard else None) as scalars:
            trainer = Trainer(
                network,
                self._objective(setting),
                sources,
                self._training_options(setting),
                checkpoint=checkpoint,
                scalars=scalars,
                augment=self._augmentation(setting),
                identity=self._identity(setting),
            )
            start = time.perf_counter()
            trained = trainer.train()
        self.files.save("duration", setting, "train_duration", np.array(time.perf_counter() - start))
        for name, values in trained.losses.items():
            self.files.save("loss", setting, name, np.array(values))
        with write_whole(self.files.settings_path(setting)) as partial:
            described = done_settings(setting, trained, batch_size=sources["train"].batch_size)
            partial.write_text(yaml.safe_dump(described), encoding="utf-8")
        with write_whole(self.files.model_path(setting)) as partial:
            torch.save(trained.best_state, partial)
        checkpoint.unlink(missing_ok=True)

    def _evaluate(self, setting: Setting) -> None:
        if setting["transcoder"] == "oracle":
            self._teacher_scores.compute(setting)
            return
        if setting["transcoder"] != "pinv":
            # A model of another dataset may have been trained on recordings that this one evaluates with.
            self.files.check(setting.replace(step="train"))
        evaluated = self._evaluated(setting)
        if evaluated.mel_mse is not None:
            self.files.save("evaluation", setting, "mel_mse", evaluated.mel_mse)
        self.files.save("evaluation", setting, "logit", evaluated.scores)

    def _evaluated(self, setting: Setting) -> Evaluated:
        device = torch.device(self.device)
        network = trained_network(setting, self.files.model_path(setting)).to(device)
        if setting["transcoder"] in STUDENTS:
            network.train(self.paper)
            levels = self._split(setting, "eval", ("third_octave",))["third_octave"]
            if setting["transcoder"] == "tagger":
                return evaluate_tagger(network, levels.to(device), runs_of_seconds(self._files(setting, "eval")))
            return evaluate_student(network, levels, device=device)
        return evaluate_transcoder(
            network, self._teacher_scores.teacher(setting), self._split(setting, "eval", ("third_octave", "mel"))
        )

    def _measure(self, setting: Setting) -> None:
        evaluate = setting.replace(step="evaluate")
        teacher = self._teacher_scores.own(setting, "eval")
        is_oracle = setting["transcoder"] == "oracle"
        if not is_oracle:
            # Scores of another dataset are of other seconds, or of as many that are not the same.
            self.files.check(evaluate)
        model = teacher if is_oracle else self.files.load("evaluation", evaluate, "logit")
        files = self._files(setting, "eval")
        values = {}
        if gives_mel(setting):
            values["mel_mse"] = metrics.mean_by_file(self.files.load("evaluation", evaluate, "mel_mse"), files)
        values |= metrics.score_metrics(teacher, model, files)
        chosen = group_indices(self._teacher_scores.teacher(setting).labels)
        values |= {
            f"{name}_tvb": value
            for name, value in metrics.score_metrics(teacher[:, chosen], model[:, chosen], files).items()
        }
        for name, value in values.items():
            if name in METRICS:
                self.files.save("metric", setting, name, value)

    # What the steps work on

    def _objective(self, setting: Setting):
        if setting["transcoder"] in STUDENTS:
            return TaggerObjective() if setting["transcoder"] == "tagger" else ScoreObjective()
        match setting.get("objective"):
            case "likelihood":
                return LikelihoodObjective()
            case "distillation":
                return DistillationObjective(self._teacher_scores.quick_teacher(setting))
            case "scores":
                return HybridObjective(self._teacher_scores.quick_teacher(setting))
        if "prop_logit" in setting:
            return HybridObjective(self._teacher_scores.quick_teacher(setting), setting["prop_logit"])
        return MelObjective()

    def _augmentation(self, setting: Setting) -> Augmentation | Microphones | None:
        front_end = front_end_of(setting["classifier"])
        if setting["transcoder"] == "tagger":
            return Microphones(front_end)
        return Augmentation(front_end) if setting.get("augmentation") else None

    def _training_options(self, setting: Setting) -> TrainingOptions:
        return TrainingOptions(
            epochs=setting["epoch"],
            schedule=SCHEDULES[setting.get("schedule", "constant")](10.0 ** setting["learning_rate"]),
            # Whoever starts from weights has them already.
            keeping=Keeping(patience=self.patience, untrained=not self.start_from),
            seed=setting.get("seed", SEED),
            device=self.device,
            mixed_precision=self.mixed_precision,
            compile=self.compile,
            cuda_graphs=self.cuda_graphs,
            train_mode_evaluation=self.paper,
            minutes=self.minutes,
            checkpoint_seconds=self.checkpoint_seconds,
            averaging=AVERAGING if setting.get("averaging") else 0.0,
            longest_gradient=LONGEST_GRADIENT if setting.get("schedule") == "cosine" else None,
        )

    def _identity(self, setting: Setting) -> dict[str, object]:
        """What tells a training from others of the same setting: that of which it is made."""
        files = {"start_from": self.start_from} if self.start_from else {}
        if "transcoded" in targets(setting):
            files[BESIDE_TAGGER] = self._teacher_scores.transcoder(setting).weights
        return digests(self.files.origins(setting) | {name: Origin(path) for name, path in files.items()})

    def _items(self, setting: Setting, split: str) -> dict[str, torch.Tensor]:
        """What batches of a split are made of: seconds, or for a tagger windows of them."""
        seconds = self._split(setting, split)
        if setting["transcoder"] != "tagger":
            return seconds
        rows = window_rows(self._files(setting, split))
        if not len(rows):
            raise UserError(
                f"no recording of {WINDOW_SECONDS} s is in the split {split} of {setting['dataset']}: make the dataset "
                "of longer ones, such as scenes"
            )
        return in_windows(seconds, rows)

    def _split(self, setting: Setting, split: str, names: Iterable[str] = ()) -> dict[str, torch.Tensor]:
        """Tensors of a split under the objectives' names: those named, or all that the setting trains with."""
        wanted = tuple(names) or ("third_octave", *targets(setting))
        stored = {
            name: stored_name(name, setting["classifier"]) for name in wanted if name not in ("scores", "transcoded")
        }
        loaded = self._dataset(setting).load(split, list(stored.values()))
        tensors = {name: loaded[array] for name, array in stored.items()}
        if "scores" in wanted:
            tensors["scores"] = torch.from_numpy(self._teacher_scores.own(setting, split))
        if "transcoded" in wanted:
            tensors["transcoded"] = torch.from_numpy(self._teacher_scores.through_transcoder(setting, split))
        return tensors

    def _shares(self, setting: Setting) -> torch.Tensor | None:
        """Shares of the epochs that the chunks, or windows of them, take part in; None: they all do."""
        sizes = self._dataset(setting).sizes("train")
        scores = self._teacher_scores.own(setting, "train") if setting.get("balance") else None
        if setting["transcoder"] == "tagger":
            rows = window_rows(self._files(setting, "train"))
            sizes = np.histogram(rows[:, 0], np.cumsum([0, *sizes]))[0].tolist()
            scores = scores[rows].mean(axis=1) if scores is not None else None
        shares = balanced_shares(scores) if scores is not None else None
        if len(sizes) == 1:
            return shares
        return equal_shares(torch.ones(sum(sizes)) if shares is None else shares, sizes)

    # Where things are

    def _files(self, setting: Setting, split: str) -> np.ndarray:
        """Number of the recording of each chunk."""
        return self._dataset(setting).files(split)

    def _dataset(self, setting: Setting) -> JoinedDatasets:
        return JoinedDatasets(dataset_paths(self.data, setting["dataset"]))
