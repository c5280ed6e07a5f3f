"""A network from waveforms to the eleven instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from exp_lumen.networks.backbones import create_parts
from exp_lumen.networks.freezing import modules_up_to
from exp_lumen.networks.heads import create_head

if TYPE_CHECKING:
    from typing import Self

    from exp_lumen.networks.specification import Specification

__all__ = ["InstrumentNetwork"]


class InstrumentNetwork(nn.Module):
    """(batch, n_samples) at the specification's rate, full scale ±1 → (batch, 11) logits.

    Attributes
    ----------
    frozen : bool
        whether all of the backbone stays as it is in training.
    trains_normalisation : bool
        whether its batch normalisations follow the data then, all the same.
    """

    def __init__(self, spec: Specification) -> None:
        super().__init__()
        self.spec = spec
        parts = create_parts(spec)
        self.front, self.backbone = parts.front, parts.backbone
        self.head = create_head(
            spec.head, parts.n_features, hidden=spec.hidden, fluffy=spec.fluffy, separate=spec.model == "MOBNET"
        )
        self.frozen = False
        self.still: list[nn.Module] = []
        """What stays as it is in training."""
        self.trains_normalisation = False

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, 11)."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            heard = self.backbone(self.front(wave))
        return self.head(heard)

    def freeze(self, *, frozen: bool = True, up_to: str = "", trains_normalisation: bool = False) -> Self:
        """Train the head alone, or with the last layers of the backbone, or everything again.

        Parameters
        ----------
        up_to
            last layer of the backbone that is frozen; by default all are.
        """
        self.frozen = frozen and not up_to
        self.still = modules_up_to(self.backbone, up_to) if frozen else []
        self.trains_normalisation = trains_normalisation
        self.backbone.requires_grad_(True)
        for module in self.still:
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(False)
        return self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Train or evaluate; what is frozen evaluates always."""
        super().train(mode)
        if not self.trains_normalisation:
            for module in self.still:
                module.training = False
        return self
