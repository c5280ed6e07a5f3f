"""New recordings out of those of a batch: sums and concatenations, whose labels are those of all parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Mixing", "draw_partners", "join_labels"]

SOUND, TARGETS, KNOWN = "sound", "targets", "known"


@dataclass(frozen=True)
class Mixing:
    """Mixes each piece of a batch with others that bring a new instrument; for training alone."""

    n_sum: int = 1
    """Pieces whose mean is taken; 1 for none."""
    n_concat: int = 1
    """Pieces of which a new one has a part each, one after the other; 1 for none."""
    probability: float = 0.5
    """Of a piece to be mixed."""

    @property
    def n_parts(self) -> int:
        """Of a new piece."""
        return self.n_sum * self.n_concat

    def __call__(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Pieces `sound` (batch, n_samples), and `targets` and `known` (batch, 11), the same."""
        if self.n_parts == 1:
            return dict(batch)
        sound, targets, known = batch[SOUND], batch[TARGETS], batch[KNOWN]
        chosen = torch.rand(len(sound)) < self.probability
        parts = draw_partners(targets, self.n_parts)[chosen]
        mixed = _mix(sound[parts], self.n_sum, self.n_concat)
        new_targets, new_known = join_labels(targets[parts], known[parts])
        return {
            SOUND: sound.masked_scatter(chosen[:, None], mixed),
            TARGETS: targets.masked_scatter(chosen[:, None], new_targets),
            KNOWN: known.masked_scatter(chosen[:, None], new_known),
        }


def draw_partners(targets: torch.Tensor, count: int) -> torch.Tensor:
    """Numbers of the parts of new pieces, (batch, count), the first of each being itself.

    The others are drawn, each once, those first that have an instrument which the first has not; where a batch has not
    as many, some come again.
    """
    n_items = len(targets)
    brings_new = (targets[None] > targets[:, None]).any(dim=2)
    order = torch.rand(n_items, n_items) + brings_new.float()
    order.fill_diagonal_(3)  # itself first
    ranked = order.argsort(dim=1, descending=True)
    return ranked[:, torch.arange(count) % n_items]


def join_labels(targets: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels of what is made of parts, (batch, n_parts, 11) → twice (batch, 11).

    One that a part has for certain is there; it is absent for certain where it is in all parts.
    """
    present = (targets * known).amax(dim=1)
    return present, torch.maximum(present, known.amin(dim=1))


def _mix(parts: torch.Tensor, n_sum: int, n_concat: int) -> torch.Tensor:
    """(batch, n_sum · n_concat, n_samples) → (batch, n_samples)."""
    layers = parts.unflatten(1, (n_sum, n_concat))
    edges = torch.linspace(0, parts.shape[2], n_concat + 1).long().tolist()
    pieces = [layers[:, :, part, edges[part] : edges[part + 1]] for part in range(n_concat)]
    return torch.cat(pieces, dim=2).mean(dim=1)
