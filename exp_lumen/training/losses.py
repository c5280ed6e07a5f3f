"""Losses of several labels at once; unknown labels count for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from exp_lumen.instruments import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

__all__ = ["LOSSES", "Objective", "binary_cross_entropy", "family_loss", "focal_loss", "positive_weights"]

LOSSES = ("CROSS_ENTROPY", "CROSS_ENTROPY_POS_WEIGHT", "FOCAL_LOSS")


def binary_cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, *, pos_weight: torch.Tensor | None = None
) -> torch.Tensor:
    """Binary cross entropy of each label, (batch, n_labels)."""
    return functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=pos_weight, reduction="none")


def focal_loss(logits: torch.Tensor, targets: torch.Tensor, *, gamma: float = 2.0) -> torch.Tensor:
    """Focal loss (Lin et al., ICCV 2017) of each label, (batch, n_labels): what is told well already counts for little.

    The original weighs absent labels as if they were present, and so the easy ones in full.
    """
    right = torch.where(targets > 0.5, logits, -logits).sigmoid()
    return (1 - right) ** gamma * binary_cross_entropy(logits, targets)


def family_loss(logits: torch.Tensor, targets: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Cross entropy of families of instruments, (batch, n_families): one is there if any of its instruments is.

    Families of which that is not known are 0.
    """
    terms = []
    for members in map(list, FAMILIES.values()):
        present = (targets[:, members] * known[:, members]).amax(dim=1)
        is_known = torch.maximum(present, known[:, members].amin(dim=1))
        highest = logits[:, members].amax(dim=1)
        terms.append(is_known * functional.binary_cross_entropy_with_logits(highest, present, reduction="none"))
    return torch.stack(terms, dim=1)


def positive_weights(labels: NDArray[np.floating], known: NDArray[np.floating]) -> NDArray[np.float64]:
    """Clips without each instrument by clips with it, (n_labels,), where that is known; 1 where it never plays."""
    present = (labels * known).sum(axis=0)
    absent = known.sum(axis=0) - present
    return (absent / present.clip(min=1)) * (present > 0) + (present == 0)


@dataclass
class Objective:
    """The loss of batches of `sound`, `targets` and `known`, which also keeps what the network says in validation."""

    name: str = "CROSS_ENTROPY"
    pos_weight: torch.Tensor | None = None
    gamma: float = 2.0
    family_factor: float = 0.0
    """Of the term of families, which is added."""

    def __post_init__(self) -> None:
        self.heard: list[torch.Tensor] = []

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses of a batch, the mean over its known labels."""
        targets, known = batch["targets"], batch["known"]
        logits = network(batch["sound"])
        if not network.training:
            self.heard.append(logits.detach().float().sigmoid().cpu())
        terms = self._terms(logits, targets)
        loss = (terms * known).sum() / known.sum().clamp(min=1)
        if self.family_factor:
            loss = loss + self.family_factor * family_loss(logits, targets, known).mean()
        return {"loss": loss}

    def _terms(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self.name == "FOCAL_LOSS":
            return focal_loss(logits, targets, gamma=self.gamma)
        weights = None if self.pos_weight is None else self.pos_weight.to(logits)
        return binary_cross_entropy(logits, targets, pos_weight=weights)

    def take_heard(self) -> NDArray[np.float32]:
        """Scores of all rows since this was asked last, (n_rows, 11)."""
        scores = torch.cat(self.heard).numpy()
        self.heard = []
        return scores
