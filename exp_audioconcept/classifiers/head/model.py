"""A linear head on the vectors of a pretrained teacher: trained in seconds, asked, and its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.special import log_softmax

from audiokit.labels.groups import group_means
from exp_audioconcept.songs.embeddings import PIECE_SECONDS, embed, mel_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd
    from teachers.registry import Teacher

__all__ = ["Head", "HeadModel", "choose_head"]

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""C of the logistic regression: how little its weights are held back."""
MOST_STEPS = 2000
SMALLEST_SCALE = 0.3
"""Standard deviation that a number in the vectors is given at least, as a share of their root mean square. Measured on
two collections of 36 and 80 songs: without it logits of a half silent sound come to 7800, with 0.1 to 48, with 0.3 to
26, where those of the whole are below 7; accuracy is the same with all floors from 0.03 up."""


@dataclass(frozen=True)
class Head:
    """Standardisation and a linear layer."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    """(size,)"""
    weights: NDArray[np.float64]
    """(n_genres, size)"""
    biases: NDArray[np.float64]

    def decide(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Logits, (n, size) → (n, n_genres)."""
        return (vectors - self.mean) / self.scale @ self.weights.T + self.biases

    def state(self) -> dict[str, torch.Tensor]:
        """Arrays for the file."""
        return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in vars(self).items()}


def choose_head(
    vectors: NDArray[np.floating],
    genres: NDArray[np.integer],
    songs: NDArray[np.integer],
    *,
    n_genres: int,
    valid: NDArray[np.bool_],
) -> tuple[Head, float, float]:
    """Train heads of several strengths, and keep the one that finds the genres of songs to choose by most likely.

    Parameters
    ----------
    vectors : (n_pieces, size)
    genres : (n_pieces,)
        numbers.
    songs : (n_pieces,)
        numbers: the pieces of a song decide together.
    valid : (n_pieces,)
        those of the songs to choose by, which are not learned from.

    Returns
    -------
    Head, float, float
        the best; its accuracy on the songs to choose by; its strength.
    """
    from sklearn.linear_model import LogisticRegression

    mean, scale = vectors[~valid].mean(axis=0, dtype=np.float64), _scale_of(vectors[~valid])
    learned = (vectors[~valid] - mean) / scale
    truths = first_of(genres[valid], songs[valid])
    best: tuple[float, Head, float, float] | None = None
    for strength in STRENGTHS:
        regression = LogisticRegression(C=strength, max_iter=MOST_STEPS).fit(learned, genres[~valid])
        head = Head(mean, scale, *_both(regression.coef_, regression.intercept_, regression.classes_, n_genres))
        logits = song_means(head.decide(vectors[valid]), songs[valid])
        cost = -float(log_softmax(logits, axis=1)[np.arange(len(truths)), truths].mean())
        if best is None or cost < best[0]:
            best = cost, head, float(np.mean(logits.argmax(axis=1) == truths)), strength
    return best[1:]


def _scale_of(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Standard deviation of each number, (size,), none much smaller than they are on the whole.

    Many numbers of a teacher's vectors hardly change within a small collection. What they do elsewhere, in silence
    after a song say, would be blown up a thousand times and more, and outvote all others.
    """
    scale = vectors.std(axis=0, dtype=np.float64)
    usual = np.sqrt(np.mean(scale**2))
    return np.maximum(scale, SMALLEST_SCALE * usual) if usual else np.ones_like(scale)


def _both(weights: NDArray, biases: NDArray, found: NDArray, n_genres: int) -> tuple[NDArray, NDArray]:
    """A row for each genre: scikit-learn has one for two genres, and none for those that nothing was learned of."""
    if len(found) == 2:
        weights, biases = np.concatenate([-weights, weights]) / 2, np.concatenate([-biases, biases]) / 2
    rows = np.zeros((n_genres, weights.shape[1]))
    intercepts = np.full(n_genres, -1e3)
    rows[found], intercepts[found] = weights, biases
    return rows, intercepts


def song_means(values: NDArray[np.floating], songs: NDArray[np.integer]) -> NDArray[np.float64]:
    """Mean over the pieces of each song, songs in the order of their numbers, (n_songs, n_genres)."""
    return group_means(values, np.unique(songs, return_inverse=True)[1])


def first_of(values: NDArray, songs: NDArray[np.integer]) -> NDArray:
    """What the first piece of each song has, songs in the order of their numbers."""
    return values[np.unique(songs, return_index=True)[1]]


@dataclass(frozen=True)
class HeadModel:
    """Genres by a head on a teacher."""

    teacher: Teacher
    head: Head
    genres: tuple[str, ...]
    settings: Mapping[str, object]

    kind = "head"

    @property
    def sample_rate(self) -> int:
        """Hz, of the teacher."""
        return self.teacher.sample_rate

    @property
    def length(self) -> int:
        """Samples of a piece."""
        return PIECE_SECONDS * self.sample_rate

    @property
    def front_end(self) -> MelFrontEnd:
        """Of the teacher."""
        return self.teacher.front_end

    def see(self, sounds: NDArray[np.float32]) -> torch.Tensor:
        """The teacher's Mel spectrograms, (n, length) → (n, n_bands, n_frames)."""
        return mel_of(self.teacher, sounds).transpose(1, 2)

    def classify(self, mel: torch.Tensor) -> torch.Tensor:
        """Logits of Mel spectrograms, (n, n_bands, n_frames) → (n, n_genres), differentiable."""
        mean, scale, weights, biases = map(torch.from_numpy, vars(self.head).values())
        vectors = self.teacher.embeddings(mel.transpose(1, 2)).double()
        return (vectors - mean) / scale @ weights.T + biases

    def decide(self, sounds: NDArray[np.float32]) -> NDArray[np.float64]:
        """Logits, (n, length) → (n, n_genres)."""
        return self.head.decide(embed(self.teacher, sounds))

    @classmethod
    def of(cls, settings: Mapping, state: Mapping[str, torch.Tensor], teacher: Teacher) -> HeadModel:
        """Take a model from the content of its file, and the teacher that it stands on."""
        genres: Sequence[str] = settings["genres"]
        return cls(teacher, Head(**{name: array.numpy() for name, array in state.items()}), tuple(genres), settings)
