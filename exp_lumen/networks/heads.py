"""What makes logits of the instruments from what a backbone has heard."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

from exp_lumen.instruments import CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["HEADS", "AttentionHead", "DeepHead", "Fluffy", "Separate", "create_head"]

DROPOUT = 0.2


class DeepHead(nn.Sequential):
    """LayerNorm, ReLU and Linear for each layer, with dropout after the hidden ones: (batch, n_in) → (batch, n_out).

    The original drops out of its output as well, which is no more than noise in its answers.
    """

    def __init__(self, n_in: int, n_out: int, hidden: Sequence[int] = ()) -> None:
        sizes = [n_in, *hidden, n_out]
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(pairwise(sizes)):
            layers += [nn.LayerNorm(before), nn.ReLU(), nn.Linear(before, after)]
            if index < len(hidden):
                layers.append(nn.Dropout(DROPOUT))
        super().__init__(*layers)


class AttentionHead(nn.Module):
    """Weighs moments before it decides: (batch, n_moments, n_in) → (batch, n_out)."""

    def __init__(self, n_in: int, n_out: int, hidden: Sequence[int] = ()) -> None:
        super().__init__()
        self.n_in = n_in
        self.mixed = nn.Linear(n_in, n_in)
        self.weight = nn.Linear(n_in, 1)
        self.deep = DeepHead(n_in, n_out, hidden)

    def forward(self, moments: torch.Tensor) -> torch.Tensor:
        """(batch, n_moments, n_in) → (batch, n_out)."""
        weights = self.weight(self.mixed(moments).tanh()) / math.sqrt(self.n_in)
        return self.deep((weights.softmax(dim=1) * moments).sum(dim=1))


class Fluffy(nn.Module):
    """A head for each instrument, which share the backbone alone; the original's name."""

    def __init__(self, create: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({code: create(1) for code in CODES})

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        """As each head takes it → (batch, 11), in the order of the labels."""
        return torch.cat([self.heads[code](heard) for code in CODES], dim=1)


class Separate(Fluffy):
    """A head for each of eleven backbones: (batch, 11, n_in) → (batch, 11)."""

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        """(batch, 11, n_in) → (batch, 11), in the order of the labels."""
        return torch.cat([self.heads[code](heard[:, index]) for index, code in enumerate(CODES)], dim=1)


HEADS = {"deep": DeepHead, "attention": AttentionHead}


def create_head(
    name: str, n_in: int, *, hidden: Sequence[int] = (), fluffy: bool = False, separate: bool = False
) -> nn.Module:
    """Head by its name, one of `HEADS`.

    Parameters
    ----------
    n_in
        size of what the backbone gives.
    hidden
        sizes of its hidden layers.
    fluffy
        a head for each instrument.
    separate
        and each with a backbone of its own.
    """

    def create(n_out: int) -> nn.Module:
        return HEADS[name](n_in, n_out, hidden)

    if separate:
        return Separate(create)
    return Fluffy(create) if fluffy else create(len(CODES))
