"""Which learning rate a network should be trained with, by a short trial.

The range test of Smith, "Cyclical learning rates for training neural networks", WACV, 2017: the rate rises step by
step, and the best is where the loss falls fastest, as long as that is well below the rate from which on it rises.
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
    from audiokit.learning.optimisation.optimizers import Optimizer

    Batch = Mapping[str, torch.Tensor]

__all__ = ["best_rate", "search_rate"]

LOWEST, HIGHEST = 1e-6, 1.0
N_STEPS = 100
SMOOTHED = 11
"""Steps, around each, that its loss is averaged over."""

MARGIN = 10.0
"""Ratio of the rate with the lowest loss to the highest one that is taken."""

DIVERGED = 4.0
"""Ratio to the highest of the first losses from which the trial is over."""


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
    """Learning rate that a trial finds; the network stays as it is.

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
    rate = best_rate(rates[: len(losses)], losses)
    if rate is None:
        raise UserError(f"the loss falls at no learning rate of {LOWEST:g} to {HIGHEST:g}: look at the dataset")
    return rate


def best_rate(rates: NDArray[np.floating], losses: NDArray[np.floating]) -> float | None:
    """Rate at which the smoothed loss falls fastest, or a tenth of that at which it is lowest, if that is less.

    Parameters
    ----------
    rates, losses : (n_steps,)
        of a trial, the rates rising by a factor.

    Returns
    -------
    float or None
        None where the loss falls nowhere, or there are fewer steps than are averaged.
    """
    if len(losses) < SMOOTHED:
        return None
    smoothed = np.convolve(losses, np.full(SMOOTHED, 1 / SMOOTHED), mode="valid")
    middles = rates[SMOOTHED // 2 :][: len(smoothed)]
    slopes = np.gradient(smoothed)
    if not slopes.min() < 0:
        return None
    return float(min(middles[slopes.argmin()], middles[smoothed.argmin()] / MARGIN))


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
    """Losses, up to where they diverge."""
    losses: list[float] = []
    batches = cycle(islice(source.batches(0), len(rates)))
    for rate, batch in zip(rates, batches, strict=False):
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("rate_factor", 1.0)
        batch = augment(batch) if augment else batch
        loss = objective(network, {name: tensor.to(device) for name, tensor in batch.items()})["loss"]
        value = loss.item()
        if not np.isfinite(value) or (len(losses) > SMOOTHED and value > DIVERGED * max(losses[:SMOOTHED])):
            break
        losses.append(value)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return np.array(losses)
