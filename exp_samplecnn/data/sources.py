"""Batches of segments from the disk, standardised, with what is to be heard in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.learning.streaming import Streamed
from exp_samplecnn.data.clips import TRAIN, VAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    from exp_samplecnn.data.segment_store import SegmentStore
    from exp_samplecnn.data.standardisation import Standardisation

__all__ = ["SEGMENT", "TARGET", "segments_in_order", "training_sources"]

SEGMENT, TARGET = "segment", "target"
"""Of batches: (batch, segment_samples) standardised sound, and (batch, n_labels) with 1 for labels that are given."""


BUFFER_BYTES = 32 << 20
BLOCK_ROWS = 4
"""Of the neighbours in a store most are of one clip: a batch of 23 segments of MagnaTagATune is of 20 clips."""


@dataclass(frozen=True)
class Prepared:
    """Makes a batch to compute with of one as it is stored."""

    standardisation: Standardisation
    full_scale: int

    def __call__(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        sound = self.standardisation(batch[SEGMENT], full_scale=self.full_scale)
        return {SEGMENT: sound, TARGET: batch[TARGET].float()}


def training_sources(
    store: SegmentStore, standardisation: Standardisation, batch_size: int, *, seed: int = 0
) -> dict[str, Streamed]:
    """What a network is trained and validated on, for the trainer.

    Where the last batch of an epoch would hold a single segment, which has no spread to normalise by, one segment is
    never trained on.
    """
    rows = store.rows_of(TRAIN)
    if len(rows) % batch_size == 1 and len(rows) > 1:
        rows = rows[:-1]
    return {
        "train": streamed(store, standardisation, rows, batch_size, seed=seed, shuffled=True),
        "valid": segments_in_order(store, standardisation, store.rows_of(VAL), batch_size),
    }


def segments_in_order(
    store: SegmentStore, standardisation: Standardisation, rows: NDArray, batch_size: int
) -> Streamed:
    """Some segments one after the other."""
    return streamed(store, standardisation, rows, batch_size, seed=0, shuffled=False)


def streamed(
    store: SegmentStore,
    standardisation: Standardisation,
    rows: NDArray,
    batch_size: int,
    *,
    seed: int,
    shuffled: bool,
) -> Streamed:
    """Segments by their numbers, read ahead by a thread of their own."""
    return Streamed(
        {SEGMENT: store.segments, TARGET: store.targets[store.clip_of_row]},
        rows,
        batch_size,
        seed=seed,
        shuffled=shuffled,
        prepare=Prepared(standardisation, store.full_scale),
        buffer_bytes=BUFFER_BYTES,
        block_rows=BLOCK_ROWS,
    )
