"""A model of genres that hears recordings over time (`audiokit.labels.prediction.Listener`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exp_audioconcept.classifiers.learned import GenreModel

__all__ = ["GenreListener"]


@dataclass(frozen=True)
class GenreListener:
    """Pieces as long as the model was trained with, one after the other; their shares of the genres sum up to 1."""

    model: GenreModel
    overlap: float = 0.0
    """Share of a piece that the next one hears again."""

    context = 0
    normalise = False

    @property
    def name(self) -> str:
        """Kind of the model, and what it stands on."""
        teacher = self.model.settings.get("teacher")
        return f"genres by {self.model.kind}{f' on {teacher}' if teacher else ''}"

    @property
    def labels(self) -> Sequence[str]:
        """The genres."""
        return self.model.genres

    @property
    def sample_rate(self) -> int:
        """Hz, of the model."""
        return self.model.sample_rate

    @property
    def length(self) -> int:
        """Samples that the model hears at once."""
        return self.model.length

    @property
    def hop(self) -> int:
        """Samples from piece to piece."""
        return max(1, round((1 - self.overlap) * self.length))

    def __call__(self, pieces: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shares of the genres, (n, length) → (n, n_genres); of silence all are alike, for it has none."""
        loud = np.abs(pieces).max(axis=1) >= np.finfo(np.float32).tiny
        shares = np.full((len(pieces), len(self.labels)), 1 / len(self.labels))
        if loud.any():
            shares[loud] = softmax(self.model.decide(pieces[loud]), axis=1)
        return shares
