"""Moving averages of a network's weights."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

__all__ = ["AveragedWeights"]


class AveragedWeights:
    """Moving average of a network's state, quick at first and slow later.

    Parameters
    ----------
    network
        whose state it begins with.
    decay
        share of the average that a step leaves.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def follow(self, network: nn.Module, n_steps: int) -> None:
        """Take in the state after a step."""
        decay = min(self.decay, (n_steps + 1) / (n_steps + 20))
        state = network.state_dict()
        averaged = [name for name, tensor in state.items() if tensor.is_floating_point()]
        # All at once: on a GPU, one by one takes longer than a small network's step.
        torch._foreach_lerp_([self.state[name] for name in averaged], [state[name] for name in averaged], 1 - decay)
        for name in state.keys() - averaged:
            self.state[name].copy_(state[name])

    @contextmanager
    def in_place_of(self, network: nn.Module) -> Iterator[None]:
        """The network with the average as its state."""
        own = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        network.load_state_dict(self.state)
        try:
            yield
        finally:
            network.load_state_dict(own)
