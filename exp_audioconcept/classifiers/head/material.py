"""Songs as a teacher's vectors in a store, for heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.labels.groups import group_means
from exp_audioconcept.classifiers.head.model import choose_head
from exp_audioconcept.classifiers.learned import MEAN_SPECTRUM, Learned
from exp_audioconcept.classifiers.stored_songs import StoredMaterial
from exp_audioconcept.songs.embeddings import EMBEDDING, LEVELS, PIECE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_audioconcept.classifiers.head.model import HeadModel
    from exp_audioconcept.songs.splits import Split

__all__ = ["HeadMaterial"]


@dataclass(frozen=True)
class HeadMaterial(StoredMaterial):
    """Songs of a store."""

    teacher: str

    def train(self, split: Split, *, seed: int, checkpoint: Path) -> Learned:
        """Train heads, and keep the best; that knows no chance, and takes no time worth a checkpoint."""
        found, numbers = np.unique(self.genres, return_inverse=True)
        rows = self.store.rows_of(split.learned)
        songs = self.store.clip_of_row[rows]
        head, accuracy, strength = choose_head(
            np.asarray(self.store.array(EMBEDDING)[rows]),
            numbers[songs],
            songs,
            n_genres=len(found),
            valid=np.isin(songs, split.valid),
        )
        settings = {
            "genres": found.tolist(),
            "teacher": self.teacher,
            "piece_seconds": PIECE_SECONDS,
            "strength": strength,
            MEAN_SPECTRUM: self._mean_spectrum(split),
        }
        return Learned("head", settings, head.state(), {"best_valid_accuracy": accuracy, "strength": strength})

    def _mean_spectrum(self, split: Split) -> list[float]:
        levels = self.store.array(LEVELS)[self.store.rows_of(split.train)]
        return levels.mean(axis=0, dtype=np.float64).tolist()

    def tell(self, model: HeadModel, songs: NDArray) -> NDArray:
        """Numbers of the genres with the highest mean logit of all pieces of songs, (n,)."""
        rows = self.store.rows_of(songs)
        order = np.repeat(np.arange(len(songs)), self.store.n_rows[songs])
        return group_means(model.head.decide(self.store.array(EMBEDDING)[rows]), order).argmax(axis=1)
