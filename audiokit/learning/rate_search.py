"""Which learning rate a network should be trained with, by a short trial.

The range test of Smith, "Cyclical learning rates for training neural networks", WACV, 2017: the rate rises step by
step, and the best is where the loss falls fastest.
"""

from __future__ import annotations

import copy
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch
    from numpy.typing import NDArray
    from torch import nn

    from audiokit.learning.batches import Source
    from audiokit.learning.optimizers import Optimizer

    Batch = Mapping[str, torch.Tensor]

__all__ = ["search_rate", "steepest"]

LOWEST, HIGHEST = 1e-6, 1.0
N_STEPS = 100
SMOOTHING = 0.9
"""Share of the past in the moving average of the loss."""

DIVERGED = 4.0
"""Ratio to the lowest loss from which the trial is over."""

FIRST_COUNTED = 10
"""Steps whose average is of too few losses."""


def search_rate(
    network: nn.Module,
    objective: Callable[[nn.Module, Batch], dict[str, torch.Tensor]],
    source: Source,
    optimizer: Optimizer,
    *,
    augment: Callable[[Batch], Batch] | None = None,
    device: str = "cpu",
    n_steps: int = N_STEPS,
) -> float:
    """Learning rate at which the loss falls fastest; the network stays as it is.

    Parameters
    ----------
    network, objective, source, augment
        as `audiokit.learning.trainer.Trainer` takes them; of `source` the first batches, again if there are few.
    n_steps
        of the trial, from a rate of 1e-6 to 1.

    Raises
    ------
    UserError
        where the loss falls at no rate.
    """
    state = copy.deepcopy(network.state_dict())
    network.to(device).train()
    rates = np.geomspace(LOWEST, HIGHEST, n_steps)
    try:
        losses = _try(network, objective, source, optimizer.of(network), rates, augment=augment, device=device)
    finally:
        network.load_state_dict(state)
    rate = steepest(rates[: len(losses)], losses)
    if rate is None:
        raise UserError(f"the loss falls at no learning rate of {LOWEST:g} to {HIGHEST:g}: look at the dataset")
    return rate


def steepest(rates: NDArray[np.floating], losses: NDArray[np.floating]) -> float | None:
    """Rate at which the smoothed loss falls fastest, over its logarithm; None where it falls nowhere.

    Parameters
    ----------
    rates, losses : (n_steps,)
        of a trial, the rates rising by a factor.
    """
    slopes = np.gradient(losses)[FIRST_COUNTED:] if len(losses) > FIRST_COUNTED + 1 else np.zeros(0)
    if not len(slopes) or not slopes.min() < 0:
        return None
    return float(rates[FIRST_COUNTED + int(slopes.argmin())])


def _try(
    network: nn.Module,
    objective: Callable[[nn.Module, Batch], dict[str, torch.Tensor]],
    source: Source,
    optimizer: torch.optim.Optimizer,
    rates: NDArray[np.floating],
    *,
    augment: Callable[[Batch], Batch] | None,
    device: str,
) -> NDArray[np.float64]:
    """Smoothed losses, up to where they diverge."""
    smoothed: list[float] = []
    average = 0.0
    batches = cycle(islice(source.batches(0), len(rates)))
    for step, (rate, batch) in enumerate(zip(rates, batches, strict=False)):
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("rate_factor", 1.0)
        batch = augment(batch) if augment else batch
        loss = objective(network, {name: tensor.to(device) for name, tensor in batch.items()})["loss"]
        average = SMOOTHING * average + (1 - SMOOTHING) * loss.item()
        value = average / (1 - SMOOTHING ** (step + 1))
        if not np.isfinite(value) or (smoothed and value > DIVERGED * min(smoothed)):
            break
        smoothed.append(value)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return np.array(smoothed)
