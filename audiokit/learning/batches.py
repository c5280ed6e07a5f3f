"""Sources of batches: what a training goes through in an epoch, and in which order.

A source gives the same batches for the same epoch whenever it is asked, from any of them on. That is all that going on
after a stop needs of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Batch = Mapping[str, torch.Tensor]

__all__ = ["InOrder", "Shuffled", "Source", "batches", "count_batches", "memory_sources", "n_items", "storage_for"]

TRAIN = "train"


class Source(Protocol):
    """Where batches come from."""

    batch_size: int

    def __len__(self) -> int:
        """Batches in an epoch."""

    def batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Batches of an epoch from number `first` on: tensors by name, items along the first dimension."""


def n_items(batch: Batch) -> int:
    """Items of a batch or of a split."""
    return len(next(iter(batch.values())))


def count_batches(n_rows: int, batch_size: int, *, drop_last: bool = False) -> int:
    """Batches that rows make, with or without a last one that is smaller."""
    return n_rows // batch_size if drop_last else math.ceil(n_rows / batch_size)


def batches(split: Batch, batch_size: int, *, order: torch.Tensor | None = None) -> Iterator[dict[str, torch.Tensor]]:
    """Successive batches of a split, the last one smaller.

    Parameters
    ----------
    split
        tensors with the same first dimension.
    order : (n,)
        of the items; as they lie by default.
    """
    n_wanted = n_items(split) if order is None else len(order)
    for start in range(0, n_wanted, batch_size):
        if order is None:
            yield {name: tensor[start : start + batch_size] for name, tensor in split.items()}
        else:
            chosen = order[start : start + batch_size]
            yield {name: tensor.index_select(0, chosen) for name, tensor in split.items()}


class InOrder:
    """Items in memory, as they lie."""

    def __init__(self, split: Batch, batch_size: int) -> None:
        self.split = split
        self.batch_size = batch_size

    def __len__(self) -> int:
        return math.ceil(n_items(self.split) / self.batch_size)

    def batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Batches from number `first` on."""
        start = first * self.batch_size
        rest = {name: tensor[start:] for name, tensor in self.split.items()} if start else self.split
        return batches(rest, self.batch_size)


class Shuffled:
    """Items in memory, in another order in each epoch.

    Parameters
    ----------
    split
        tensors with the same first dimension.
    shares : (n,)
        in [0, 1], of the epochs that an item takes part in; all by default. An epoch has as many items as they sum up
        to.
    weights : (n,)
        how often an item is drawn in relation to others; an epoch then has as many draws as there are items, and an
        item can come several times (drawn with replacement).
    drop_last
        leave out a last batch that would be smaller.
    """

    def __init__(
        self,
        split: Batch,
        batch_size: int,
        *,
        seed: int = 0,
        shares: torch.Tensor | None = None,
        weights: torch.Tensor | None = None,
        drop_last: bool = False,
    ) -> None:
        self.split = split
        self.batch_size = batch_size
        self.seed = seed
        self.shares = shares
        self.weights = weights
        self.drop_last = drop_last

    def __len__(self) -> int:
        return count_batches(self.epoch_size, self.batch_size, drop_last=self.drop_last)

    @property
    def epoch_size(self) -> int:
        """Items in an epoch."""
        return n_items(self.split) if self.shares is None else max(1, int(self.shares.sum()))

    def batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Batches of an epoch from number `first` on."""
        order = self._order(epoch)[first * self.batch_size : len(self) * self.batch_size]
        place = next(iter(self.split.values())).device
        return batches(self.split, self.batch_size, order=order.to(place))

    def _order(self, epoch: int) -> torch.Tensor:
        """Order of an epoch, a function of seed and epoch alone."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        if self.weights is not None:
            return torch.multinomial(self.weights, self.epoch_size, replacement=True, generator=generator)
        if self.shares is not None:
            return torch.multinomial(self.shares, self.epoch_size, generator=generator)
        return torch.randperm(self.epoch_size, generator=generator)


def memory_sources(
    splits: Mapping[str, Batch],
    batch_size: int,
    *,
    device: torch.device | str = "cpu",
    seed: int = 0,
    shares: torch.Tensor | None = None,
    weights: torch.Tensor | None = None,
    drop_last: bool = False,
) -> dict[str, Source]:
    """Sources of splits that lie in memory, or on the GPU where it has room for all: `train` shuffled, others in order.

    `shares`, `weights` and `drop_last` are those of `Shuffled`.
    """
    place = storage_for(splits, torch.device(device))
    stored = {name: {key: tensor.to(place) for key, tensor in split.items()} for name, split in splits.items()}
    return {
        name: Shuffled(split, batch_size, seed=seed, shares=shares, weights=weights, drop_last=drop_last)
        if name == TRAIN
        else InOrder(split, batch_size)
        for name, split in stored.items()
    }


def storage_for(splits: Mapping[str, Batch], device: torch.device) -> torch.device:
    """Where the data may lie: on a GPU if half of its free memory holds it, which leaves the rest to the training."""
    if device.type != "cuda":
        return device
    n_bytes = sum(tensor.nbytes for split in splits.values() for tensor in split.values())
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return device if n_bytes <= free_bytes / 2 else torch.device("cpu")
