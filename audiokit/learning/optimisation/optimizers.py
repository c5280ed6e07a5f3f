"""Optimisers by what they need to know; the learning rate comes from a schedule."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]


@dataclass(frozen=True)
class Optimizer:
    """What makes a PyTorch optimiser of a network.

    Groups of parameters may carry `rate_factor`, by which the schedule's learning rate is multiplied for them.
    """

    def of(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a network's parameters that are trained."""
        raise NotImplementedError

    def description(self) -> dict[str, object]:
        """What two parts of one training must have in common; nothing for plain Adam."""
        return {} if self == Adam() else {"optimizer": {"name": type(self).__name__, **asdict(self)}}


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam; its weight decay is a penalty in the gradient."""

    weight_decay: float = 0.0

    def of(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a network's parameters that are trained."""
        return torch.optim.Adam(_trained(network), weight_decay=self.weight_decay)


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent; the penalty is on the kernels of convolutions alone, as Keras' regularisers are."""

    momentum: float = 0.9
    nesterov: bool = True
    kernel_decay: float = 0.0
    """Penalty's factor without the half: kernel_decay · Σ w²."""

    def of(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a network's parameters that are trained."""
        kernels = [parameter for parameter in _trained(network) if parameter.ndim > 2]
        others = [parameter for parameter in _trained(network) if parameter.ndim <= 2]
        groups = [{"params": kernels, "weight_decay": 2 * self.kernel_decay}, {"params": others}]
        groups = [group for group in groups if group["params"]]
        return torch.optim.SGD(groups, lr=0.0, momentum=self.momentum, nesterov=self.nesterov)


@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam with weight decay apart from the gradient, none on biases and normalisations."""

    weight_decay: float = 0.01
    backbone_factor: float = 1.0
    """Learning rate of what lies below the classifier, as a share of the classifier's."""

    head: str = ""
    """Prefix of the classifier's parameters; all are the classifier's by default."""

    def of(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a network's parameters that are trained."""
        groups: dict[tuple[bool, bool], list] = {}
        for name, parameter in network.named_parameters():
            if parameter.requires_grad:
                groups.setdefault((name.startswith(self.head), parameter.ndim > 1), []).append(parameter)
        return torch.optim.AdamW(
            [
                {
                    "params": parameters,
                    "weight_decay": self.weight_decay if decays else 0.0,
                    "rate_factor": 1.0 if is_head else self.backbone_factor,
                }
                for (is_head, decays), parameters in groups.items()
            ]
        )


def _trained(network: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in network.parameters() if parameter.requires_grad]
