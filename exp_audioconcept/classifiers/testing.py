"""How well a model tells the genres of songs that it has not heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.labels.metrics import confusion_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exp_audioconcept.classifiers.learned import GenreModel, Material
    from exp_audioconcept.songs.splits import Split

__all__ = ["HEARD", "Tested", "heard_names", "test_model", "wilson_interval"]

HEARD = "heard"
"""Setting of a model: names of the songs that it has learned from or was chosen by."""


@dataclass(frozen=True)
class Tested:
    """What a model makes of songs."""

    genres: tuple[str, ...]
    truths: NDArray[np.int64]
    """(n_songs,), numbers of genres."""
    told: NDArray[np.int64]
    """(n_songs,)"""
    n_left_out: int = 0
    """Songs of the part to test on that the model has heard."""

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each song is told right, (n_songs,)."""
        return self.truths == self.told

    @property
    def accuracy(self) -> float:
        """Share of the songs."""
        return float(self.correct.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """In which the accuracy lies with 95 %."""
        return wilson_interval(int(self.correct.sum()), len(self.truths))

    @property
    def chance(self) -> float:
        """Accuracy of always telling the most frequent genre."""
        return float(np.bincount(self.truths).max() / len(self.truths))

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Songs of each genre, a row, that are taken for each, a column."""
        return confusion_counts(self.truths, self.told, range(len(self.genres)))

    def by_genre(self) -> dict[str, dict[str, float]]:
        """Precision, recall, F1 and number of songs of each genre."""
        from sklearn.metrics import precision_recall_fscore_support

        labels = list(range(len(self.genres)))
        figures = precision_recall_fscore_support(self.truths, self.told, labels=labels, zero_division=0)
        names = ("precision", "recall", "f1", "songs")
        return {
            genre: dict(zip(names, map(float, values), strict=True))
            for genre, *values in zip(self.genres, *figures, strict=True)
        }

    @property
    def macro_f1(self) -> float:
        """Mean over the genres that songs are of or are taken for, as scikit-learn has it."""
        from sklearn.metrics import f1_score

        return float(f1_score(self.truths, self.told, average="macro"))


def wilson_interval(n_right: int, n: int, *, z: float = 1.959964) -> tuple[float, float]:
    """Where a share lies with 95 %, also of few songs and near 0 and 1 (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    share = n_right / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def heard_names(material: Material, split: Split) -> list[str]:
    """Names of the songs that a model of this split hears in training: for its settings."""
    return [_name(material, song) for song in split.learned]


def test_model(model: GenreModel, material: Material, split: Split) -> Tested:
    """Test a model on the songs to test on, less those that it has heard.

    Raises
    ------
    UserError
        where it has heard them all.
    """
    genres, truths = np.unique(material.genres, return_inverse=True)
    heard = set(model.settings.get(HEARD, ()))
    new = np.array([song for song in split.test if _name(material, song) not in heard], np.int64)
    if not len(new):
        raise UserError("the model has heard all songs that it is to be tested on: take the split it was trained with")
    return Tested(tuple(genres.tolist()), truths[new], material.tell(model, new), len(split.test) - len(new))


def _name(material: Material, song: int) -> str:
    """`genre/file`, wherever the song comes from."""
    return f"{material.genres[song]}/{material.names[song].rpartition('/')[2]}"
