"""A dataset as its lists have it: recordings, what is heard in them, and what each is for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["SPLITS", "TEST", "TRAIN", "VAL", "Clips"]

SPLITS = TRAIN, VAL, TEST = "train", "val", "test"
SEED = 123
"""Of the original, for orders and draws."""


@dataclass(frozen=True)
class Clips:
    """Recordings with their labels and splits."""

    labels: Sequence[str]
    names: Sequence[str]
    """Of the recordings, each only once."""
    paths: Sequence[Path]
    targets: NDArray[np.uint8]
    """(n_clips, n_labels), 1 where a label is given."""
    splits: Sequence[str]
    """One of `SPLITS` for each."""

    def __len__(self) -> int:
        return len(self.names)

    def taken(self, numbers: NDArray[np.integer]) -> Clips:
        """Some of the clips, in this order."""
        return replace(
            self,
            names=[self.names[number] for number in numbers],
            paths=[self.paths[number] for number in numbers],
            targets=self.targets[numbers],
            splits=[self.splits[number] for number in numbers],
        )

    def shuffled(self) -> Clips:
        """In an order that is the same each time: neighbours in lists are alike, and batches should not be."""
        return self.taken(np.random.default_rng(SEED).permutation(len(self)))

    def present(self, *, skip_missing: bool, remedy: str) -> tuple[Clips, list[str]]:
        """Those whose recordings are there, and the names of the others.

        Raises
        ------
        UserError
            where any is missing, unless they may be left out; where all are, or a split has none.
        """
        here = np.array([path.is_file() for path in self.paths])
        missing = [name for name, is_here in zip(self.names, here, strict=True) if not is_here]
        if missing and (not skip_missing or not here.any()):
            first = self.paths[int(np.argmin(here))]
            raise UserError(
                f"{len(missing)} of {len(self)} recordings are missing, {first} first: {remedy}, or leave missing ones "
                "out with --skip-missing"
            )
        left = self.taken(np.flatnonzero(here))
        for split in SPLITS:
            if split not in left.splits:
                raise UserError(f"no recording is left for the split {split} of {len(left)}: {remedy}")
        return left, missing
