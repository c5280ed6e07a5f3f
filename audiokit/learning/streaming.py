"""Batches from the disk: datasets that memory does not hold.

Rows come in blocks of neighbours, which disks read quickly. The blocks of an epoch are shuffled, and as many of them as
a buffer holds are read while the batches of the buffer before are being trained on; within it all rows are shuffled
again. So memory holds two buffers, however large the dataset is, and no core waits for the disk as long as that is no
slower than the training.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from audiokit.learning.batches import count_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    Batch = Mapping[str, torch.Tensor]

__all__ = ["Rows", "Streamed"]

BUFFER_BYTES = 128 << 20
BLOCK_ROWS = 16


class Rows(Protocol):
    """Rows that can be read by their numbers: an array, or a `RowReader`."""

    shape: tuple[int, ...]
    dtype: object

    def __getitem__(self, rows: NDArray[np.integer]) -> NDArray: ...


class Streamed:
    """A source of batches (`audiokit.learning.batches.Source`) that reads them from the disk.

    Parameters
    ----------
    arrays
        name → rows, read by the same numbers in each.
    rows : (n,)
        numbers of those to go through.
    shuffled
        in another order in each epoch; else as they are given.
    weights : (n,)
        how often a row is drawn in relation to others; an epoch then has as many draws as there are rows, and a row can
        come several times (drawn with replacement, each on its own and not with its neighbours).
    prepare
        called with each batch as it was read, tensors by name, for the one to train on.
    drop_last
        leave out a last batch that would be smaller.
    buffer_bytes
        of a buffer, of which there are two.
    block_rows
        neighbours that stay together until they are in a buffer. With few the batches of a small buffer are as mixed as
        those of a large one; disks read many at once more quickly, where rows are small.
    """

    def __init__(
        self,
        arrays: Mapping[str, Rows],
        rows: NDArray[np.integer],
        batch_size: int,
        *,
        seed: int = 0,
        shuffled: bool = True,
        weights: NDArray[np.floating] | None = None,
        prepare: Callable[[Batch], Batch] | None = None,
        drop_last: bool = False,
        buffer_bytes: int = BUFFER_BYTES,
        block_rows: int = BLOCK_ROWS,
    ) -> None:
        self.arrays = arrays
        self.rows = np.asarray(rows)
        self.batch_size = batch_size
        self.seed = seed
        self.shuffled = shuffled
        self.weights = None if weights is None else torch.as_tensor(weights, dtype=torch.float64)
        self.block_rows = block_rows
        self.prepare = prepare or (lambda batch: batch)
        self.drop_last = drop_last
        row_bytes = sum(np.dtype(array.dtype).itemsize * math.prod(array.shape[1:]) for array in arrays.values())
        # Whole batches, so that none lies in two buffers.
        self.buffer_rows = max(1, buffer_bytes // max(1, row_bytes * batch_size)) * batch_size

    def __len__(self) -> int:
        return count_batches(len(self.rows), self.batch_size, drop_last=self.drop_last)

    def batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Batches of an epoch from number `first` on."""
        order = self.order(epoch)[: len(self) * self.batch_size]
        begun, skipped = divmod(first * self.batch_size, self.buffer_rows)
        starts = range(begun * self.buffer_rows, len(order), self.buffer_rows)
        pieces = [order[start : start + self.buffer_rows] for start in starts]
        with ThreadPoolExecutor(1) as reader:
            coming = [reader.submit(self._read, piece) for piece in pieces[:1]]
            for number in range(len(pieces)):
                buffer = coming.pop().result()
                if number + 1 < len(pieces):
                    coming.append(reader.submit(self._read, pieces[number + 1]))
                yield from self._batches_of(buffer, 0 if number else skipped)

    def in_order(self) -> Iterator[Batch]:
        """Batches of all rows once, as they are given."""
        for start in range(0, len(self.rows), self.buffer_rows):
            yield from self._batches_of(self._read(self.rows[start : start + self.buffer_rows]), 0)

    def order(self, epoch: int) -> NDArray[np.integer]:
        """Rows of an epoch in their order, (n,): a function of seed and epoch alone."""
        if self.weights is not None:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            return self.rows[torch.multinomial(self.weights, len(self.rows), replacement=True, generator=generator)]
        if not self.shuffled:
            return self.rows
        generator = np.random.default_rng((self.seed, epoch))
        starts = range(0, len(self.rows), self.block_rows)
        blocks = [self.rows[start : start + self.block_rows] for start in starts]
        order = np.concatenate([blocks[index] for index in generator.permutation(len(blocks))] or [self.rows])
        for start in range(0, len(order), self.buffer_rows):
            generator.shuffle(order[start : start + self.buffer_rows])
        return order

    def _read(self, rows: NDArray[np.integer]) -> dict[str, torch.Tensor]:
        return {name: torch.from_numpy(np.ascontiguousarray(array[rows])) for name, array in self.arrays.items()}

    def _batches_of(self, buffer: Batch, start: int) -> Iterator[Batch]:
        n_rows = len(next(iter(buffer.values())))
        for position in range(start, n_rows, self.batch_size):
            yield self.prepare({name: rows[position : position + self.batch_size] for name, rows in buffer.items()})
