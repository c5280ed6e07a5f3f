"""How a network of instruments is trained: all numbers of the command line, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.learning.keeping import Keeping
from audiokit.learning.optimisation.optimizers import Adam, AdamW
from audiokit.learning.optimisation.schedules import Constant, Cosine, OneCycle, Plateau

if TYPE_CHECKING:
    from audiokit.learning.optimisation.optimizers import Optimizer
    from audiokit.learning.optimisation.schedules import Schedule

__all__ = ["AUTO_LR", "METRICS", "OPTIMIZERS", "SCHEDULERS", "Settings"]

AUTO_LR = "AUTO_LR"
"""A constant rate, found by a trial."""

SCHEDULERS = ("ONECYCLE", "PLATEAU", "COSINEANNEALING", "CONSTANT", AUTO_LR)
OPTIMIZERS = ("adamw", "adam")
METRICS = {"VAL_F1": "f1_valid", "VAL_HAMMING": "hamming_valid"}


FREE = ("epochs", "finetune_head_epochs", "patience", "threshold", "device")
"""Settings that a training may go on with others of: how long, where, and what is done when it has ended."""


@dataclass(frozen=True)
class Settings:
    """Of a training."""

    epochs: int = 40
    batch_size: int = 4
    finetune_head: bool = True
    """Whether the head is trained alone at first."""
    finetune_head_epochs: int = 5
    head_alone: bool = False
    """And never anything else."""
    head_after: str = ""
    """Layer of the backbone from which on it is trained with the head at first."""
    backbone_after: str = ""
    """Layer up to which the backbone is never trained."""
    finetune_train_bn: bool = False
    lr: float = 5e-5
    lr_warmup: float = 3e-4
    lr_onecycle_max: float = 5e-4
    scheduler: str = "ONECYCLE"
    optimizer: str = "adamw"
    weight_decay: float = 1e-2
    metric: str = "VAL_F1"
    patience: int = 10
    aggregation: str = "mean"
    loss: str = "CROSS_ENTROPY"
    gamma: float = 2.0
    family_factor: float = 0.0
    weighted_sampler: bool = False
    drop_last: bool = False
    """Whether a last batch that would be smaller is left out."""
    skip_validation: bool = False
    """Whether nothing is validated between epochs; the last one is kept then."""
    by_instrument: bool = False
    """Whether validation measures each instrument too."""
    threshold: float | None = None
    """For all instruments, in place of those that validation finds."""
    mixed_precision: bool = False
    seed: int = 42
    device: str = "cpu"

    def checked(self) -> Settings:
        """The settings.

        Raises
        ------
        UserError
            where a number makes no sense.
        """
        for name in ("lr", "lr_warmup", "lr_onecycle_max"):
            if not 0 < getattr(self, name) < 10:
                raise UserError(f"--{name.replace('_', '-')} {getattr(self, name)} is no learning rate: give 5e-5, say")
        if self.gamma < 0 or self.family_factor < 0:
            raise UserError("--gamma and --add-instrument-loss cannot be negative")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise UserError(f"--prediction-threshold {self.threshold} is outside of 0 to 1")
        if self.skip_validation and self.scheduler == "PLATEAU":
            raise UserError("--scheduler PLATEAU goes by validations: leave --skip-validation away")
        return self

    @property
    def schedule(self) -> Schedule:
        """Of the learning rate, once everything is trained."""
        return {
            "ONECYCLE": OneCycle(self.lr_onecycle_max),
            "PLATEAU": Plateau(self.lr, factor=0.5, patience=3, rises=True),
            "COSINEANNEALING": Cosine(self.lr),
            "CONSTANT": Constant(self.lr),
            AUTO_LR: Constant(self.lr),
        }[self.scheduler]

    @property
    def optimising(self) -> Optimizer:
        """As the original: no decay on biases and normalisations, and none with adam."""
        return AdamW(self.weight_decay) if self.optimizer == "adamw" else Adam()

    @property
    def keeping(self) -> Keeping:
        """Which epoch's state is kept."""
        return Keeping(METRICS[self.metric], rises=True, patience=self.patience, later_of_equals=False)

    def comparable(self) -> dict[str, object]:
        """What must be the same where a training goes on: it may become longer, or be done somewhere else."""
        return {name: value for name, value in self.described().items() if name not in FREE}

    def described(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)
