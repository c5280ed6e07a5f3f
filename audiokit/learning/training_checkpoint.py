"""All that a training needs to go on bit for bit, in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from audiokit.errors import UserError
from audiokit.learning.checkpoints import load_state_dict, read_tensors, save_tensors
from audiokit.learning.options import Trained
from audiokit.storage.journal import differences

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from audiokit.learning.optimisation.averaging import AveragedWeights

__all__ = ["Resumable", "resume_training", "save_training"]


class Resumable(Protocol):
    """What of a trainer a checkpoint keeps, or compares with what it has kept."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    average: AveragedWeights | None
    trained: Trained
    epoch: int
    iteration: int
    seconds: float
    comparable: dict[str, object]
    """What must be the same for a training to go on: options, data …"""

    identity: dict[str, object]
    """Of these, what are no options."""

    checkpoint: Path
    device: torch.device


def save_training(trainer: Resumable) -> None:
    """Write what `resume_training` needs to the trainer's checkpoint, whole or not at all."""
    state = {
        "network": trainer.network.state_dict(),
        "optimizer": _as_anywhere(trainer.optimizer.state_dict()),
        "best_state": trainer.trained.best_state,
        "losses": trainer.trained.losses,
        "epoch": trainer.epoch,
        "iteration": trainer.iteration,
        "seconds": trainer.seconds,
        "random_state": torch.get_rng_state(),
        "options": trainer.comparable,
    }
    if trainer.average:
        state["average"] = trainer.average.state
    if trainer.device.type == "cuda":
        state["cuda_random_state"] = torch.cuda.get_rng_state(trainer.device)
    save_tensors(trainer.checkpoint, state)


def resume_training(trainer: Resumable) -> None:
    """Bring a new trainer to where its checkpoint was saved.

    Raises
    ------
    UserError
        where the checkpoint is damaged, or that of another network, or of other options or data.
    """
    path = trainer.checkpoint
    state = read_tensors(path, remedy="delete it to start anew")
    if "options" not in state:
        raise UserError(f"{path} is no checkpoint of a training: delete it to start anew")
    before, now = state["options"], trainer.comparable
    if before.keys().isdisjoint(trainer.identity):  # from when checkpoints told options alone
        now = {name: value for name, value in now.items() if name not in trainer.identity}
    if before != now:
        told = differences(before, now)
        raise UserError(f"{path} is of another training ({told}): delete it to start anew, or give what it began with")
    load_state_dict(trainer.network, state["network"], path)
    trainer.optimizer.load_state_dict(state["optimizer"])
    if trainer.average:
        trainer.average.state = {name: tensor.to(trainer.device) for name, tensor in state["average"].items()}
    trainer.trained = Trained(state["best_state"], state["losses"])
    trainer.epoch, trainer.iteration = state["epoch"], state["iteration"]
    trainer.seconds = state.get("seconds", 0.0)
    torch.set_rng_state(state["random_state"])
    if "cuda_random_state" in state and trainer.device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda_random_state"], trainer.device)


def _as_anywhere(state: dict[str, object]) -> dict[str, object]:
    """An optimiser's state as it is where steps are not recorded, so that a training may go on there."""
    ordinary = [
        group | {"lr": float(group["lr"])} | ({"capturable": False} if "capturable" in group else {})
        for group in state["param_groups"]
    ]
    return state | {"param_groups": ordinary}
