"""The experiments on EMVD: train a network for each split, predict what it was not trained on, measure.

What the original does and notes call a fault is done by `paper` alone: sigmoids before the cross-entropy, which has a
floor then; validation, choice and prediction in train mode, so that they depend on the batch and on chance; ties
between votes by the alphabet; and choosing networks that are trained on clear voices by all voices.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.learning.checkpoints import load_state_dict, read_tensors, save_tensors
from audiokit.learning.options import TrainingOptions
from audiokit.learning.trainer import Trainer
from exp_emvd.data.folds import PARTS
from exp_emvd.evaluation.predictions import EXPERIMENT, Predictions, read_predictions, write_predictions
from exp_emvd.learning.experiment_files import CONTENT, RECORDINGS, first_difference
from exp_emvd.learning.loss_files import write_losses
from exp_emvd.learning.network import SingingNetwork
from exp_emvd.learning.split_data import TARGET
from exp_emvd.tasks import BATCH_SIZE, EPOCHS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from audiokit.learning.streaming import Streamed
    from exp_emvd.learning.experiment_files import ExperimentFiles
    from exp_emvd.learning.split_data import EmvdData
    from exp_emvd.tasks import Task

__all__ = ["EmvdExperiment", "cross_entropy", "load_network"]

EVAL = PARTS[-1]
LARGEST_SPLITS = 1000


@dataclass(frozen=True)
class EmvdExperiment:
    """An experiment, how it is done, and where its results go."""

    task: Task
    data: EmvdData
    files: ExperimentFiles
    epochs: int = EPOCHS
    batch_size: int = BATCH_SIZE
    seed: int = 0
    device: str = "cpu"
    paper: bool = False
    mixed_precision: bool = False

    def trained_with(self, split: int) -> dict[str, object]:
        """What must be the same where the model of a split is used."""
        options = {EXPERIMENT: self.task.name, "paper": self.paper, "seed": self.seed}
        return options | {RECORDINGS: self.data.fingerprint(split), CONTENT: self.data.content_fingerprint()}

    def _pace(self) -> dict[str, object]:
        """What must be the same, besides, where a training goes on."""
        return {"epochs": self.epochs, "batch_size": self.batch_size, "mixed_precision": self.mixed_precision}

    def _sources(self, split: int, *, seed: int = 0) -> dict[str, Streamed]:
        return self.data.sources(self.task, split, batch_size=self.batch_size, seed=seed, paper=self.paper)

    def train(self, split: int) -> None:
        """Train the network of a split, or go on with it; what is trained already is left as it is.

        Raises
        ------
        UserError
            where a model is there, or begun, that was trained otherwise, or the data has no recordings for a part.
        """
        files = self.files
        self.data.check_singers(self.task, split)
        options = self.trained_with(split) | self._pace()
        files.begin(split, options)
        if files.is_trained(split):
            print(f"{files.model(split)} is there already: delete it to train again", file=sys.stderr)
            return
        torch.manual_seed(self.seed * LARGEST_SPLITS + split)
        trainer = Trainer(
            SingingNetwork(n_labels=len(self.task.labels), sigmoid=self.paper),
            cross_entropy,
            self._sources(split, seed=self.seed * LARGEST_SPLITS + split),
            self._training_options(split),
            checkpoint=files.checkpoint(split),
        )
        trained = trainer.train()
        write_losses(files.losses(split), trained.losses, paper=self.paper)
        save_tensors(files.model(split), trained.best_state)
        files.checkpoint(split).unlink(missing_ok=True)

    def _training_options(self, split: int) -> TrainingOptions:
        from audiokit.learning.optimisation.schedules import Constant

        return TrainingOptions(
            epochs=self.epochs,
            schedule=Constant(1e-3),
            seed=self.seed * LARGEST_SPLITS + split,
            device=self.device,
            mixed_precision=self.mixed_precision,
            train_mode_evaluation=self.paper,
        )

    def evaluate(self, split: int) -> Predictions:
        """Predict the chunks that a split is tested on, and write them to the experiment's file.

        What the file holds of other splits stays, where these are of the same folds and of networks like this one.

        Raises
        ------
        UserError
            where the model is missing, damaged, or was trained otherwise.
        """
        self.data.check_singers(self.task, split)
        self.files.check_options(split, self.trained_with(split))
        network = load_network(self.files.model(split), self.task, paper=self.paper).to(self.device)
        scores = self._scores(network, split)
        rows = self.data.rows(self.task, split, EVAL)
        labels = np.array(self.task.labels)
        targets = self.task.targets(self.data.techniques, self.data.singers)[self.data.recording_of_row[rows]]
        predictions = Predictions(
            self.data.chunk_names(rows),
            labels[targets],
            labels[scores.argmax(axis=1)],
            scores,
            self.task.labels,
            self.trained_with(split),
        )
        write_predictions(self.files.predictions, {**self._predictions_beside(split), split: predictions})
        return predictions

    def _predictions_beside(self, split: int) -> dict[int, Predictions]:
        """What the file holds of other splits; those of other folds or networks are left out, and named on stderr."""
        path = self.files.predictions
        there = read_predictions(path) if path.exists() else {}
        there.pop(split, None)
        kept = {other: predictions for other, predictions in there.items() if self._is_like_this(other, predictions)}
        if left_out := there.keys() - kept:
            names = ", ".join(f"split{other}" for other in sorted(left_out))
            print(f"{path} held {names} of other folds or another training: left out", file=sys.stderr)
        return kept

    def _is_like_this(self, split: int, predictions: Predictions) -> bool:
        return split in self.data.parts and not first_difference(predictions.trained_with, self.trained_with(split))

    def _scores(self, network: SingingNetwork, split: int) -> NDArray[np.float32]:
        """Probabilities of the labels of the chunks that a split is tested on, (n_chunks, n_labels)."""
        torch.manual_seed(self.seed)  # of dropout, in train mode
        network.train(self.paper)
        source = self._sources(split)[EVAL]
        batches = tqdm(source.batches(0), total=len(source), desc=f"split{split}", unit="batch", disable=None)
        return np.concatenate([network.probabilities(batch["mel"].to(self.device)).cpu().numpy() for batch in batches])


def load_network(path: Path, task: Task, *, paper: bool = False) -> SingingNetwork:
    """Network of a task with the weights of a file, channels last.

    Raises
    ------
    UserError
        where the file is missing, damaged, or holds other weights.
    """
    if not path.is_file():
        raise UserError(f"there is no model {path}: run the step train first")
    network = SingingNetwork(n_labels=len(task.labels), sigmoid=paper)
    load_state_dict(network, read_tensors(path, remedy="train it again"), path)
    return network.to(memory_format=torch.channels_last)


def cross_entropy(network: torch.nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Mean cross-entropy of a batch."""
    return {"loss": functional.cross_entropy(network(batch["mel"]).float(), batch[TARGET])}
