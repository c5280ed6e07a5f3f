"""What the four experiments tell apart, and from which recordings they learn it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["BATCH_SIZE", "DATASETS", "EPOCHS", "SINGERS", "SINGER_TASKS", "TASKS", "TECHNIQUE_TASKS", "Task", "spaced"]

CLEAR = "ClearVoice"
DISTORTED = "DistortedVoice"
N_SINGERS = 27

EPOCHS, BATCH_SIZE = 20, 32
"""Of a training by the original."""

DATASETS = ("kfold", "kfold_no_distorsion")
"""As the original spells them. In the second one, networks are trained on clear voices alone."""


@dataclass(frozen=True)
class Task:
    """An experiment: labels, in the order of the network's outputs, and what it is trained on."""

    name: str
    labels: tuple[str, ...]
    shown: tuple[str, ...]
    """The labels in the order of the confusion matrix."""

    dataset: str = "kfold"
    is_balanced: bool = False
    """Whether labels are drawn equally often in training."""

    def targets(self, techniques: ArrayLike, singers: ArrayLike) -> NDArray[np.int64]:
        """Numbers of the labels of recordings, (n,).

        Parameters
        ----------
        techniques : (n,) str
        singers : (n,) int

        Raises
        ------
        UserError
            for a technique or singer that the task does not know.
        """
        names = self._names(np.asarray(techniques, str), np.asarray(singers))
        place = {label: index for index, label in enumerate(self.labels)}
        if unknown := [name for name in names if name not in place]:
            raise UserError(f"{self.name} knows no {unknown[0]}: take it out of the folds; it knows {self._known}")
        return np.array([place[name] for name in names], dtype=np.int64)

    def _names(self, techniques: NDArray[np.str_], singers: NDArray) -> list[str]:
        if self.labels == SINGERS:
            return [str(singer) for singer in singers]
        if DISTORTED in self.labels:
            known = np.isin(techniques, TECHNIQUES[1:])
            return np.where(known, DISTORTED, techniques).tolist()
        return techniques.tolist()

    @property
    def _known(self) -> str:
        return f"singers 1 to {N_SINGERS}" if self.labels == SINGERS else ", ".join(TECHNIQUES)

    def trained_on(self, techniques: ArrayLike) -> NDArray[np.bool_]:
        """Whether a recording that the folds give to training is trained on, (n,)."""
        techniques = np.asarray(techniques, str)
        return techniques == CLEAR if self.dataset == "kfold_no_distorsion" else np.ones(len(techniques), bool)


TECHNIQUES = (CLEAR, "DeathGrowl", "HardcoreScream", "BlackShriek")
SINGERS = tuple(str(number) for number in range(1, N_SINGERS + 1))

TASKS = {
    task.name: task
    for task in (
        Task("t_multiclass", TECHNIQUES, (CLEAR, "BlackShriek", "DeathGrowl", "HardcoreScream")),
        Task("t_binary", (CLEAR, DISTORTED), (CLEAR, DISTORTED)),
        Task("s_classif", SINGERS, SINGERS, is_balanced=True),
        Task("s_classif_no_distorsion", SINGERS, SINGERS, dataset="kfold_no_distorsion", is_balanced=True),
    )
}

TECHNIQUE_TASKS = tuple(name for name, task in TASKS.items() if task.labels != SINGERS)
SINGER_TASKS = tuple(name for name in TASKS if name not in TECHNIQUE_TASKS)


def spaced(name: str) -> str:
    """Technique as people write it: ClearVoice → Clear Voice."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
