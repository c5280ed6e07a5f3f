"""Training by stages: each at a fifth of the rate of the one before, from the best network that it has left.

In the folder of a training lie, while it is under way, `stage<k>.checkpoint`, to go on from bit for bit; of each stage
that has ended `stage<k>.safetensors`, the best network so far, and `stage<k>.json`, its losses and test scores.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from audiokit.files import write_whole
from audiokit.learning.keeping import Keeping
from audiokit.learning.optimisation.optimizers import SGD
from audiokit.learning.optimisation.schedules import Decaying
from audiokit.learning.options import TrainingOptions
from audiokit.learning.trainer import Trainer
from exp_samplecnn.data.clips import TEST
from exp_samplecnn.data.sources import training_sources
from exp_samplecnn.evaluation.measures import measure
from exp_samplecnn.evaluation.scores import clip_scores
from exp_samplecnn.learning.augmentation import Augmentation
from exp_samplecnn.learning.model_files import SUFFIX, read_model, write_model
from exp_samplecnn.learning.objective import LabelObjective
from exp_samplecnn.networks.initialisation import initialise
from exp_samplecnn.networks.layers import follow_epochs

if TYPE_CHECKING:
    from pathlib import Path

    from exp_samplecnn.data.segment_store import SegmentStore
    from exp_samplecnn.learning.model_files import ModelSettings
    from exp_samplecnn.networks.network import SampleCNN

__all__ = ["StageOptions", "StagedTraining"]

SEEDS_PER_TRAINING = 1000
"""So that no stage draws as another one."""


@dataclass(frozen=True)
class StageOptions:
    """How to train, all stages together."""

    batch_size: int = 23
    momentum: float = 0.9
    learning_rate: float = 0.01
    decay: float = 0.2
    """Factor from the learning rate of a stage to that of the next."""
    weight_decay: float = 0.0
    n_stages: int = 5
    patience: int = 2
    epochs: int = 100
    """Of a stage, at most."""
    seed: int = 0
    paper: bool = False
    """Draw first weights as the original does, go on from the best network of the stage before alone (the original
    forgets at each stage that an earlier one may have been better), and average the statistics of batch normalisation
    over as many batches."""
    device: str = "cpu"
    mixed_precision: bool = False
    compile: bool = False
    augment: bool = False
    """Change sounds as `exp_samplecnn.learning.augmentation` does."""

    def of_stage(self, stage: int) -> TrainingOptions:
        """What the trainer is told."""
        return TrainingOptions(
            epochs=self.epochs,
            schedule=Decaying(self.learning_rate * self.decay**stage),
            optimizer=SGD(self.momentum, kernel_decay=self.weight_decay),
            keeping=Keeping(later_of_equals=False, patience=self.patience, untrained=stage > 0 and not self.paper),
            seed=SEEDS_PER_TRAINING * self.seed + stage,
            device=self.device,
            mixed_precision=self.mixed_precision,
            compile=self.compile,
        )


@dataclass(frozen=True)
class StagedTraining:
    """A training in its folder."""

    store: SegmentStore
    settings: ModelSettings
    options: StageOptions
    folder: Path

    def run(self) -> dict[str, float]:
        """Train to the end, from where it was stopped.

        Returns
        -------
        dict
            test scores of the last stage, by the names in `exp_samplecnn.evaluation.measures.MEASURES`.
        """
        for stage in range(self.n_done, self.options.n_stages):
            print(f"stage {stage}: learning rate {self.options.of_stage(stage).schedule.learning_rate:g}")
            tell_scores(self._train_stage(stage))
        return self.record(self.options.n_stages - 1)["test"]

    @property
    def n_done(self) -> int:
        """Stages that have ended."""
        return next(
            (stage + 1 for stage in reversed(range(self.options.n_stages)) if self.model_path(stage).is_file()), 0
        )

    def model_path(self, stage: int) -> Path:
        """The best network when a stage had ended."""
        return self.folder / f"stage{stage}{SUFFIX}"

    def record_path(self, stage: int) -> Path:
        """Where its losses and test scores are written down."""
        return self.folder / f"stage{stage}.json"

    def record(self, stage: int) -> dict:
        """What is written down of a stage that has ended."""
        return json.loads(self.record_path(stage).read_text(encoding="utf-8"))

    def _train_stage(self, stage: int) -> dict[str, float]:
        network = self._first_network(stage)
        checkpoint = self.folder / f"stage{stage}.checkpoint"
        options = self.options.of_stage(stage)
        sources = training_sources(
            self.store, self.settings.standardisation, self.options.batch_size, seed=options.seed
        )
        if not self.options.paper:
            follow_epochs(network, len(sources["train"]))
        objective = LabelObjective(self.store.task.one_label)
        augment = Augmentation() if self.options.augment else None
        trained = Trainer(network, objective, sources, options, checkpoint=checkpoint, augment=augment).train()
        network.load_state_dict(trained.best_state)
        scores = self.test(network)
        record = {"learning_rate": options.schedule.learning_rate, "losses": trained.losses, "test": scores}
        with write_whole(self.record_path(stage)) as partial:
            partial.write_text(json.dumps(record), encoding="utf-8")
        write_model(self.model_path(stage), self.settings, trained.best_state)
        checkpoint.unlink(missing_ok=True)
        return scores

    def _first_network(self, stage: int) -> SampleCNN:
        if stage:
            return read_model(self.model_path(stage - 1))[0]
        torch.manual_seed(SEEDS_PER_TRAINING * self.options.seed)
        network = self.settings.network()
        initialise(network, paper=self.options.paper)
        return network

    def test(self, network: SampleCNN) -> dict[str, float]:
        """Measures of a network on the test split."""
        scores = clip_scores(
            network,
            self.store,
            TEST,
            standardisation=self.settings.standardisation,
            batch_size=self.options.batch_size,
            device=self.options.device,
        )
        targets = self.store.targets[self.store.clips_of(TEST)]
        return measure(targets, scores, threshold=self.store.task.threshold).overall


def tell_scores(scores: dict[str, float]) -> None:
    """Print measures in a line."""
    print("test: " + ", ".join(f"{name} {value:.6f}" for name, value in scores.items()))
