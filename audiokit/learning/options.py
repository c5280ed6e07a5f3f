"""How a training is done, and what it leaves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from audiokit.learning.keeping import Keeping
from audiokit.learning.optimisation.optimizers import Adam, Optimizer
from audiokit.learning.optimisation.schedules import Constant, Schedule

if TYPE_CHECKING:
    import torch

__all__ = ["Trained", "TrainingOptions"]


@dataclass(frozen=True)
class TrainingOptions:
    """How to train."""

    epochs: int
    schedule: Schedule = field(default_factory=Constant)
    optimizer: Optimizer = field(default_factory=Adam)
    keeping: Keeping = field(default_factory=Keeping)
    seed: int = 0
    device: str = "cpu"
    piece_size: int | None = None
    """Items of a batch that go through the network at once, their gradients added up; None: what suits the device."""

    mixed_precision: bool = False
    """bfloat16 in convolutions and products of training; losses, weights and evaluation stay in float32."""

    compile: bool = False
    cuda_graphs: bool = False
    """Record training steps on a GPU and play them, for objectives that do the same whatever a batch holds."""

    train_mode_evaluation: bool = False
    """Validate and evaluate in train mode, as some originals do."""

    averaging: float = 0.0
    """Decay of the moving average of the weights, which is then what is validated and kept; 0 for none."""

    longest_gradient: float | None = None
    """Norm that gradients are cut to."""

    minutes: float | None = None
    """Train for so long, all parts together, in place of `epochs`: in the middle of one it ends, and the schedule goes
    by the time. How far such a training comes is up to the machine."""

    checkpoint_seconds: float = 300
    """Longest time between checkpoints within an epoch; one is made after each epoch besides."""

    def comparable(self, batch_size: int) -> dict[str, object]:
        """What must not change between two parts of one training; one may train longer, or somewhere else."""
        names = ("seed", "mixed_precision", "train_mode_evaluation", "averaging", "longest_gradient")
        own = {name: getattr(self, name) for name in names}
        keeping = {name: value for name, value in asdict(self.keeping).items() if name != "patience"}
        kept = {} if self.keeping == Keeping(patience=self.keeping.patience) else {"keeping": keeping}
        parts = self.schedule.description() | self.optimizer.description() | kept
        return {"batch_size": batch_size, **own, **parts}


@dataclass
class Trained:
    """What training leaves."""

    best_state: dict[str, torch.Tensor]
    losses: dict[str, list[float]] = field(default_factory=dict)
    """`losses_train` per iteration, `losses_valid` … per epoch with the one before training first, `losses_mel_train` …
    where the objective has parts, and what else is measured: `accuracy_valid` …"""

    epochs: int = 0
    kept_epoch: int | None = None
    """Whose state `best_state` is, 0 for that before training."""
