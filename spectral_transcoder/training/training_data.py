"""What is trained on: the seconds of one dataset or of several as one, and how often each of them is drawn."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectral_transcoder.datasets.chunk_dataset import load_array, open_chunks
from spectral_transcoder.training.metrics import file_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["JoinedDatasets", "balanced_shares", "equal_shares"]

LARGEST_CLASS = 0.06
"""Share that the chunks with the same top label may have of a dataset."""


@dataclass(frozen=True)
class JoinedDatasets:
    """Datasets whose splits lie one behind the other."""

    paths: Sequence[Path]

    def load(self, split: str, names: Sequence[str]) -> dict[str, torch.Tensor]:
        """Arrays of a split by name, as `load_split` gives them."""
        with ExitStack() as opened:
            datasets = [opened.enter_context(open_chunks(path)) for path in self.paths]
            return {name: load_array(datasets, split, name) for name in names}

    def files(self, split: str) -> NDArray[np.integer]:
        """Number of the recording of each chunk, (n_chunks,); recordings of two datasets are never the same."""
        numbers, n_files = [], 0
        for path in self.paths:
            with open_chunks(path) as dataset:
                numbers.append(n_files + file_numbers(dataset.fnames(split)))
            n_files = int(numbers[-1][-1]) + 1 if len(numbers[-1]) else n_files
        return np.concatenate(numbers)

    def sizes(self, split: str) -> list[int]:
        """Chunks that each dataset has in a split."""
        sizes = []
        for path in self.paths:
            with open_chunks(path) as dataset:
                sizes.append(dataset.n_chunks(split))
        return sizes


def balanced_shares(scores: np.ndarray) -> torch.Tensor:
    """Share of the epochs that each chunk takes part in, so that no class of sounds outnumbers the others by much.

    What people record is music and speech above all, and a teacher's other classes are learned from few chunks. Of the
    chunks whose top label is the same, no more than `LARGEST_CLASS` times those of the dataset are in an epoch. Classes
    that are common in streets stay common, lest a transcoder take them for rare ones.

    Parameters
    ----------
    scores : (n_chunks, n_labels)
        the teacher's.

    Returns
    -------
    (n_chunks,) in [0, 1]
    """
    top = scores.argmax(axis=1)
    counts = np.bincount(top)[top]
    return torch.from_numpy(np.minimum(1, LARGEST_CLASS * len(top) / counts))


def equal_shares(shares: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """Shares of datasets that are trained on together, so that an epoch has as much of each as it has of the smallest.

    Parameters
    ----------
    shares : (n_chunks,)
        in [0, 1], that chunks had in their datasets.
    sizes
        of the datasets, which lie one behind the other.

    Returns
    -------
    (n_chunks,) in [0, 1]
    """
    datasets = shares.split(list(sizes))
    smallest = min((part.sum() for part in datasets if len(part)), default=0)
    return torch.cat([part * (smallest / part.sum()) for part in datasets])
