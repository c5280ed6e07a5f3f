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

A modality of the factor `dataset` may name several, as in `scenes&esc10`: they are one dataset then, each of them with
the same share of an epoch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import yaml

from spectral_transcoder.checkpoints import load_state_dict, read_tensors
from spectral_transcoder.datasets.chunk_dataset import dataset_path, mel_name
from spectral_transcoder.errors import UserError
from spectral_transcoder.files import write_whole
from spectral_transcoder.inference import quicken
from spectral_transcoder.label_groups import group_indices
from spectral_transcoder.paths import ROOT
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.teachers import front_end_of, load_teacher
from spectral_transcoder.training import metrics
from spectral_transcoder.training.augmentation import Augmentation
from spectral_transcoder.training.evaluation import Evaluated, evaluate_student, evaluate_teacher, evaluate_transcoder
from spectral_transcoder.training.losses import (
    DistillationObjective,
    HybridObjective,
    LikelihoodObjective,
    MelObjective,
    ScoreObjective,
)
from spectral_transcoder.training.trainer import Trainer, TrainingOptions
from spectral_transcoder.training.training_data import JoinedDatasets, balanced_shares, equal_shares
from spectral_transcoder.transcoders.store import TranscoderSettings, build_transcoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from torch import nn

    from spectral_transcoder.experiments.plan import Setting
    from spectral_transcoder.teachers import Teacher

__all__ = ["DATASET_NAMES", "METRICS", "STUDENTS", "TrainingExperiment"]

FOLDERS = ("model", "loss", "evaluation", "metric", "duration")
SPLITS = ("train", "valid", "eval")
DATASET_NAMES = {"full": "Dcase-Task1-full", "urban": "Dcase-Task1-urban", "TEST": "Dcase-Task1-TEST"}
"""Names of the paper's datasets by modality; any other modality is itself the name of a dataset."""

DATASET_SEPARATOR = "&"

STUDENTS = ("self", "effnet_b0", "effnet_b7")
"""Models that give scores without a Mel spectrogram."""

IMAGENET_WEIGHTS = {
    "effnet_b0": "efficient_net/efficientnet-b0-355c32eb.pth",
    "effnet_b7": "efficient_net/efficientnet-b7-dcc49843.pth",
}
METRICS = (
    "mel_mse", "logit_bce", "logit_kl", "logit_mse", "logit_cos", "ptopafc", "ptopafc_weighted",
    "logit_bce_tvb", "logit_kl_tvb", "logit_mse_tvb", "logit_cos_tvb", "ptopafc_tvb", "labels", "labels_tvb",
)  # fmt: skip
SEED = 0
AVERAGING = 0.998
LONGEST_GRADIENT = 1.0
TCN_SIZES = {"tcn_nb_layers": 4, "tcn_nb_channels": 256}
PAPER_CNN_SIZES = {"cnn_kernel_size": 5, "cnn_dilation": 1, "cnn_nb_layers": 5, "cnn_nb_channels": 64}


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
    patience: int | None = None
    start_from: Path | None = None
    """Weights of a transcoder of the same shape to start training from, in place of random ones."""

    tensorboard: Path | None = None

    def run(self, setting: Setting) -> None:
        """Do the step of a setting."""
        torch.manual_seed(setting.get("seed", SEED))
        steps = {"train": self._train, "evaluate": self._evaluate, "metric": self._measure}
        start = time.perf_counter()
        steps[setting["step"]](setting)
        self._save("duration", setting, "duration", np.array(time.perf_counter() - start))

    def is_done(self, setting: Setting) -> bool:
        """Whether the step's own results are there."""
        match setting["step"]:
            case "train":
                return self._model_path(setting).is_file() and self._settings_path(setting).is_file()
            case "evaluate":
                names = [f"logit_{split}" for split in SPLITS] if setting["transcoder"] == "oracle" else ["logit"]
                return all(self._path("evaluation", setting, name).is_file() for name in names)
            case _:
                names = [name for name in METRICS if name != "mel_mse" or _gives_mel(setting)]
                return all(self._path("metric", setting, name).is_file() for name in names)

    def outputs(self, setting: Setting) -> list[Path]:
        """Files that the step of a setting has left so far, the checkpoint of a stopped training among them."""
        return sorted(path for folder in FOLDERS for path in (self.root / folder).glob(f"{setting.identifier()}_*"))

    def result(self, setting: Setting, name: str) -> np.ndarray | None:
        """Values of a metric, or None where they are not there."""
        path = self._path("metric", setting.replace(step="metric"), name)
        return np.load(path) if path.is_file() else None

    def losses(self, setting: Setting) -> dict[str, np.ndarray]:
        """Loss arrays by name, of a training that has ended, else of its checkpoint's whole epochs."""
        start = f"{setting.identifier()}_"
        paths = self.root.joinpath("loss").glob(f"{start}losses_*.npy")
        losses = {path.stem.removeprefix(start): np.load(path) for path in paths}
        if losses:
            return losses
        checkpoint = read_tensors(self._checkpoint_path(setting), remedy="delete it to start anew")
        begun = checkpoint["iteration"] if checkpoint["epoch"] else 0
        return {
            name: np.array(values[: len(values) - begun] if name.endswith("_train") else values)
            for name, values in checkpoint["losses"].items()
        }

    def is_begun(self, setting: Setting) -> bool:
        """Whether a training has left a model, or a checkpoint to make one of."""
        return self._model_path(setting).is_file() or self._checkpoint_path(setting).is_file()

    def begun_identifiers(self) -> list[str]:
        """Identifiers of all trainings in the folder that have left a model or a checkpoint."""
        ends = ("_model", "_checkpoint")
        names = [path.name for path in self.root.joinpath("model").glob("*") if path.name.endswith(ends)]
        return sorted({name.rpartition("_")[0] for name in names})

    def best_state(self, setting: Setting) -> dict[str, torch.Tensor]:
        """Weights of a training that has ended, else the best so far of its checkpoint."""
        path = self._model_path(setting)
        if path.is_file():
            return read_tensors(path, remedy="delete it and train again")
        return read_tensors(self._checkpoint_path(setting), remedy="delete it and train again")["best_state"]

    @staticmethod
    def loss_label(setting: Setting) -> str:
        """What is minimised, for the axis of a figure."""
        if setting["ts"] == 0:
            return "mean squared error of the Mel spectrogram"
        if setting.get("objective") in ("distillation", "likelihood"):
            return {"distillation": "weighted sum of all losses", "likelihood": "negative logarithm of the likelihood"}[
                setting["objective"]
            ]
        if setting.get("prop_logit", 100) == 100:
            return "binary cross-entropy of the scores"
        return "weighted sum of both losses"

    # Steps

    def _train(self, setting: Setting) -> None:
        network = self._new_network(setting)
        splits = {split: self._split(setting, split) for split in SPLITS}
        trainer = Trainer(
            network,
            self._objective(setting),
            splits,
            self._training_options(setting),
            checkpoint=self._checkpoint_path(setting),
            scalars=self._scalars(setting),
            shares=self._shares(setting),
            augment=Augmentation(front_end_of(setting["classifier"])) if setting.get("augmentation") else None,
        )
        start = time.perf_counter()
        trained = trainer.train()
        self._save("duration", setting, "train_duration", np.array(time.perf_counter() - start))
        for name, values in trained.losses.items():
            self._save("loss", setting, name, np.array(values))
        with write_whole(self._settings_path(setting)) as partial:
            partial.write_text(yaml.safe_dump(self.network_settings(setting)), encoding="utf-8")
        with write_whole(self._model_path(setting)) as partial:
            torch.save(trained.best_state, partial)
        trainer.checkpoint.unlink(missing_ok=True)

    def _evaluate(self, setting: Setting) -> None:
        if setting["transcoder"] == "oracle":
            for split in SPLITS:
                evaluated = evaluate_teacher(self._teacher(setting), self._split(setting, split, ("mel",))["mel"])
                self._save("evaluation", setting, f"logit_{split}", evaluated.scores)
            return
        evaluated = self._evaluated(setting)
        if evaluated.mel_mse is not None:
            self._save("evaluation", setting, "mel_mse", evaluated.mel_mse)
        self._save("evaluation", setting, "logit", evaluated.scores)

    def _evaluated(self, setting: Setting) -> Evaluated:
        device = torch.device(self.device)
        network = self._trained_network(setting).to(device)
        if setting["transcoder"] in STUDENTS:
            network.train(self.paper)
            levels = self._split(setting, "eval", ("third_octave",))["third_octave"]
            return evaluate_student(network, levels, device=device)
        return evaluate_transcoder(
            network, self._teacher(setting), self._split(setting, "eval", ("third_octave", "mel"))
        )

    def _measure(self, setting: Setting) -> None:
        evaluate = setting.replace(step="evaluate")
        teacher = self._oracle_scores(setting, "eval")
        is_oracle = setting["transcoder"] == "oracle"
        model = teacher if is_oracle else self._load("evaluation", evaluate, "logit")
        files = metrics.file_numbers(self._dataset(setting).fnames("eval"))
        values = {}
        if _gives_mel(setting):
            values["mel_mse"] = metrics.mean_by_file(self._load("evaluation", evaluate, "mel_mse"), files)
        values |= _score_metrics(teacher, model, files)
        chosen = group_indices(self._labels(setting))
        values |= {
            f"{name}_tvb": value for name, value in _score_metrics(teacher[:, chosen], model[:, chosen], files).items()
        }
        for name, value in values.items():
            if name in METRICS:
                self._save("metric", setting, name, value)

    # What the steps work on

    def _new_network(self, setting: Setting) -> nn.Module:
        """Network before training."""
        settings = _transcoder_settings(setting)
        network = build_transcoder(settings)
        if self.start_from:
            load_state_dict(network, read_tensors(self.start_from), self.start_from)
            return network
        if settings.model_type == "self":
            network.model.load_state_dict(self._teacher(setting).network.state_dict())
        if settings.model_type in IMAGENET_WEIGHTS:
            path = self.models / IMAGENET_WEIGHTS[settings.model_type]
            if path.is_file():
                network.load_imagenet(read_tensors(path))
            else:
                print(
                    f"{path} is missing: {settings.model_type} starts from random weights, the paper's from ImageNet's"
                )
        return network

    def _trained_network(self, setting: Setting) -> nn.Module:
        if setting["transcoder"] == "pinv":
            return Pinv(front_end_of(setting["classifier"])).eval()
        path = self._model_path(setting)
        if not path.is_file():
            raise UserError(f"{path} is missing: compute the step train of this setting first")
        network = build_transcoder(_transcoder_settings(setting))
        load_state_dict(network, read_tensors(path, remedy="delete it and train again"), path)
        return network.eval()

    def _objective(self, setting: Setting):
        if setting["transcoder"] in STUDENTS:
            return ScoreObjective()
        match setting.get("objective"):
            case "likelihood":
                return LikelihoodObjective()
            case "distillation":
                return DistillationObjective(self._quick_teacher(setting))
            case "scores":
                return HybridObjective(self._quick_teacher(setting))
        if "prop_logit" in setting:
            return HybridObjective(self._quick_teacher(setting), setting["prop_logit"])
        return MelObjective()

    def _training_options(self, setting: Setting) -> TrainingOptions:
        return TrainingOptions(
            epochs=setting["epoch"],
            learning_rate=10.0 ** setting["learning_rate"],
            seed=setting.get("seed", SEED),
            device=self.device,
            mixed_precision=self.mixed_precision,
            compile=self.compile,
            train_mode_evaluation=self.paper,
            patience=self.patience,
            schedule=setting.get("schedule", "constant"),
            averaging=AVERAGING if setting.get("averaging") else 0.0,
            longest_gradient=LONGEST_GRADIENT if setting.get("schedule") == "cosine" else None,
        )

    def _scalars(self, setting: Setting):
        if self.tensorboard is None:
            return None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UserError("--tensorboard needs the package tensorboard: pip install tensorboard") from error

        return SummaryWriter(self.tensorboard / setting.identifier()).add_scalar

    def _split(self, setting: Setting, split: str, names: Iterable[str] = ()) -> dict[str, torch.Tensor]:
        """Tensors of a split under the objectives' names: those named, or all that the setting trains with."""
        wanted = tuple(names) or ("third_octave", *_targets(setting))
        stored = {name: _stored_name(name, setting["classifier"]) for name in wanted if name != "scores"}
        loaded = self._dataset(setting).load(split, list(stored.values()))
        tensors = {name: loaded[array] for name, array in stored.items()}
        if "scores" in wanted:
            tensors["scores"] = torch.from_numpy(self._oracle_scores(setting, split))
        return tensors

    def _shares(self, setting: Setting) -> torch.Tensor | None:
        """Shares of the epochs that the chunks take part in; None: they all do."""
        sizes = self._dataset(setting).sizes("train")
        shares = balanced_shares(self._oracle_scores(setting, "train")) if setting.get("balance") else None
        if len(sizes) == 1:
            return shares
        return equal_shares(torch.ones(sum(sizes)) if shares is None else shares, sizes)

    def _oracle_scores(self, setting: Setting, split: str) -> np.ndarray:
        """The teacher's scores on its own Mel spectrograms."""
        dataset, classifier = setting["dataset"], setting["classifier"]
        identifier = f"classifier={classifier}+dataset={dataset}+step=evaluate+transcoder=oracle+ts=0"
        path = self.root / "evaluation" / f"{identifier}_logit_{split}.npy"
        if not path.is_file():
            selector = f"reference/transcoder=oracle+dataset={dataset}+classifier={classifier}"
            raise UserError(f"the teacher's scores are missing ({path}): compute -s {selector} -c first")
        return np.load(path)

    def _teacher(self, setting: Setting) -> Teacher:
        teacher = load_teacher(setting["classifier"], weights=self.teacher_weights, folder=self.models)
        return teacher.to(torch.device(self.device))

    def _quick_teacher(self, setting: Setting) -> Teacher:
        """The teacher with its normalisations folded, for gradients to pass."""
        teacher = self._teacher(setting)
        quicken(teacher.network)
        return teacher

    def _labels(self, setting: Setting) -> tuple[str, ...]:
        return self._teacher(setting).labels

    # Where things are

    def _dataset(self, setting: Setting) -> JoinedDatasets:
        modalities = setting["dataset"].split(DATASET_SEPARATOR)
        return JoinedDatasets([dataset_path(self.data, DATASET_NAMES.get(name, name)) for name in modalities])

    def _path(self, folder: str, setting: Setting, name: str) -> Path:
        return self.root / folder / f"{setting.identifier()}_{name}.npy"

    def _model_path(self, setting: Setting) -> Path:
        return self.root / "model" / f"{setting.replace(step='train').identifier()}_model"

    def _checkpoint_path(self, setting: Setting) -> Path:
        return self.root / "model" / f"{setting.replace(step='train').identifier()}_checkpoint"

    def _settings_path(self, setting: Setting) -> Path:
        model = self._model_path(setting)
        return model.with_name(f"{model.name}_settings.yaml")

    def _save(self, folder: str, setting: Setting, name: str, values: np.ndarray) -> None:
        path = self._path(folder, setting, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_whole(path) as partial:
            np.save(partial, values, allow_pickle=False)

    def _load(self, folder: str, setting: Setting, name: str) -> np.ndarray:
        path = self._path(folder, setting, name)
        if not path.is_file():
            raise UserError(f"{path} is missing: compute the step {setting['step']} of this setting first")
        return np.load(path)

    def network_settings(self, setting: Setting) -> dict[str, object]:
        """Content of the settings file, under the paper's keys."""
        front_end = front_end_of(setting["classifier"])
        is_tcn = setting["transcoder"] == "tcn_pinv"
        described = {
            key: value
            for key, value in vars(_transcoder_settings(setting)).items()
            if is_tcn or not key.startswith("tcn_")
        }
        return described | {
            "input_shape": [8, 29] if setting["transcoder"] == "mlp" else [8, 64],
            "output_shape": [front_end.chunk_frames, front_end.n_mels],
            "batch_size": TrainingOptions(epochs=1).batch_size,
            "epochs": setting["epoch"],
            "settings": {"dataset": setting["dataset"], "plan": setting.plan, "identifier": setting.identifier()},
        }


def _transcoder_settings(setting: Setting) -> TranscoderSettings:
    return TranscoderSettings(
        model_type=setting["transcoder"],
        mels_type=setting["classifier"],
        **_sizes(setting),
        mlp_hl_1=setting.get("hidden1"),
        mlp_hl_2=setting.get("hidden2"),
    )


def _sizes(setting: Setting) -> dict[str, int | None]:
    """Of a network: the setting's factors, or where it has none those that the plan `generalise` is about."""
    if setting["transcoder"] == "tcn_pinv":
        return TCN_SIZES
    if setting.plan == "generalise":
        return PAPER_CNN_SIZES
    factors = ("kernel_size", "dilation", "nb_layers", "nb_channels")
    return {f"cnn_{name}": setting.get(name) for name in factors}


def _gives_mel(setting: Setting) -> bool:
    """Whether there is a Mel spectrogram to compare with the teacher's, which the oracle has by definition."""
    return setting["transcoder"] not in ("oracle", *STUDENTS)


def _targets(setting: Setting) -> tuple[str, ...]:
    """What the objective compares with: the Mel spectrogram, the teacher's scores as they are stored, or both."""
    if setting["ts"] == 0:
        return ("mel",)
    objective = setting.get("objective")
    if objective is None:
        return ("scores",) if setting.get("prop_logit", 100) == 100 else ("mel", "scores")
    # What is made anew in each epoch the teacher has not scored yet.
    return ("scores",) if objective == "scores" and not setting.get("augmentation") else ("mel",)


def _stored_name(name: str, classifier: str) -> str:
    """Name in the dataset's file."""
    return mel_name(classifier) if name == "mel" else name


def _score_metrics(teacher: np.ndarray, model: np.ndarray, files: np.ndarray) -> Mapping[str, np.ndarray]:
    return {
        "logit_bce": metrics.logit_bce(teacher, model, files),
        "logit_kl": metrics.logit_kl(teacher, model, files),
        "logit_mse": metrics.logit_mse(teacher, model, files),
        "logit_cos": metrics.logit_cos(teacher, model, files),
        "labels": metrics.top_class(model, files),
        "ptopafc_weighted": np.array(metrics.weighted_ptopafc(teacher, model, files)),
        "ptopafc": np.array(100 * metrics.same_top_class(teacher, model, files).mean()),
    }
