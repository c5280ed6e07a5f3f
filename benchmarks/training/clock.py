"""How long the steps of the real `Trainer` take, seen from outside."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from timing import cpu_clock

from audiokit.learning.batches import memory_sources
from audiokit.learning.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import torch
    from torch import nn

    from audiokit.learning.options import TrainingOptions
    from audiokit.learning.trainer import Objective

__all__ = ["Training", "new_trainer", "run_steps"]


@dataclass(frozen=True)
class Training:
    """What `Trainer` needs."""

    network: nn.Module
    objective: Objective
    splits: Mapping[str, Mapping[str, torch.Tensor]]
    options: TrainingOptions
    batch_size: int


@dataclass
class Steps:
    """What was seen of each step."""

    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


class _Enough(Exception):
    pass


def run_steps(training: Training, n_steps: int, *, clock: Callable[[], float] = cpu_clock) -> Steps:
    """Train for some steps from fresh moments, and stop.

    A step is counted from the end of the one before, or of the validation before, to its own end: the choice of the
    batch is in it. The trainer's own call for each loss tells when that is.
    """
    steps = Steps()
    start = clock()

    def see(name: str, value: float, iteration: int) -> None:
        nonlocal start
        if name == "loss/train":
            steps.seconds.append(clock() - start)
            steps.losses.append(value)
            if len(steps.losses) == n_steps:
                raise _Enough
        start = clock()

    with new_trainer(training, scalars=see) as trainer, contextlib.suppress(_Enough):
        trainer.train()
    return steps


@contextlib.contextmanager
def new_trainer(training: Training, **options: object) -> Iterator[Trainer]:
    """A trainer without a checkpoint, its progress bar out of sight."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stderr(nowhere),
    ):
        checkpoint = Path(folder) / "checkpoint"
        sources = memory_sources(training.splits, training.batch_size, device=training.options.device)
        yield Trainer(training.network, training.objective, sources, training.options, checkpoint=checkpoint, **options)
