"""What networks are trained for: cross-entropy, over labels that exclude each other or over each label for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn import functional

from exp_samplecnn.data.sources import SEGMENT, TARGET

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import nn

__all__ = ["LabelObjective"]


@dataclass(frozen=True)
class LabelObjective:
    """Mean over the segments of a batch, and over the labels where each is for itself, as Keras has it."""

    one_label: bool

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses by name."""
        logits = network(batch[SEGMENT]).float()
        if self.one_label:
            return {"loss": functional.cross_entropy(logits, batch[TARGET])}
        return {"loss": functional.binary_cross_entropy_with_logits(logits, batch[TARGET])}
