"""What is compared: a teacher itself, PINV, and trained transcoders on recordings that they were not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.classification.scored_models import PINV, SELF, ScoredModel
from spectral_transcoder.hearing import beside_tagger_in_clips
from spectral_transcoder.transcoders.store import find_transcoders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quality.evaluation_sets import EvaluationSet

__all__ = ["HEARD", "Contender", "choose", "find_contenders"]

PUBLISHED = "paper_transcoders"
"""Folder that the download leaves the paper's in, whose names are those of ours."""

HEARD = -1
"""Of recordings that all of a contender's models were trained on."""


@dataclass(frozen=True)
class Contender:
    """A row of the table."""

    teacher: str
    title: str
    models: tuple[ScoredModel, ...]
    """One, or the trainings of a cross-validation."""

    def unheard(self, source: str) -> int:
        """Number of the first model that was not trained on a recording, or `HEARD`."""
        listed = (model.training_recordings for model in self.models)
        return next((number for number, recordings in enumerate(listed) if source not in recordings), HEARD)


def find_contenders(teacher: str, weights: Path, folders: Sequence[Path]) -> list[Contender]:
    """The teacher itself, PINV, the trained transcoders that give a Mel spectrogram, and taggers beside one of these.

    Parameters
    ----------
    weights
        of the teacher.
    folders
        of trained transcoders; those that have one name make one row, but for the paper's.
    """
    trained: dict[str, list[ScoredModel]] = {}
    for folder in folders:
        here = find_transcoders(teacher, [folder])
        for name, stored in here.items():
            if stored.settings.gives_mel:
                title = f"the paper's {name}" if folder.name == PUBLISHED else name
                trained.setdefault(title, []).append(ScoredModel(teacher, name, weights, stored))
            elif stored.settings.cadence == "fast" and (beside := here.get(beside_tagger_in_clips(here))):
                trained.setdefault(name, []).append(ScoredModel(teacher, name, weights, beside, stored))
    return [
        Contender(teacher, "teacher itself", (ScoredModel(teacher, SELF, weights),)),
        Contender(teacher, "PINV", (ScoredModel(teacher, PINV, weights),)),
        *(Contender(teacher, title, tuple(models)) for title, models in trained.items()),
    ]


def choose(
    contenders: Sequence[Contender], evaluation_set: EvaluationSet, *, leave_out_heard: bool = False
) -> NDArray[np.integer]:
    """Number of the model that transcodes each recording for each contender, (n_recordings, n_contenders).

    Parameters
    ----------
    leave_out_heard
        give `HEARD` for recordings that all of a contender's models were trained on.

    Raises
    ------
    UserError
        where there are such recordings, and they are not to be left out.
    """
    recordings = evaluation_set.recordings
    chosen = np.array([[one.unheard(recording.source) for one in contenders] for recording in recordings])
    for contender, numbers in zip(contenders, chosen.T, strict=True):
        heard = np.flatnonzero(numbers == HEARD)
        if len(heard) and not leave_out_heard:
            raise UserError(
                f"{contender.title} for {contender.teacher} was trained on {len(heard)} of the {len(recordings)} "
                f"recordings of {evaluation_set.title}, the first of them {recordings[heard[0]].path.name}: add one of "
                "that name that was not with --transcoders, or leave them out with --leave_out_heard"
            )
    return chosen
