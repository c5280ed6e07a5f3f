"""A model that answers for recordings of requests."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from exp_lumen.data.clips import known_of, labels_of
from exp_lumen.evaluation.aggregation import by_recording
from exp_lumen.evaluation.answering import answer_as_json
from exp_lumen.evaluation.measures import measures_of
from exp_lumen.serving.places import without_root
from exp_lumen.serving.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_lumen.data.clips import LabelledClip
    from exp_lumen.evaluation.model_file import Model
    from exp_lumen.serving.listening import Ear

__all__ = ["Answering", "Answers"]

Answers = dict[str, dict[str, int]]
"""Name of the recording → answer as in the competition."""


@dataclass(frozen=True)
class Answering:
    """A model, how the scores of pieces are put together, and who listens; names are paths below the root."""

    root: Path
    model: Model
    aggregation: str
    ear: Ear

    def scores(self, path: Path) -> NDArray[np.float64]:
        """Scores of a recording, (11,)."""
        pieces = self.ear(self.model, path)
        return by_recording(pieces, np.array([len(pieces)]), self.aggregation)[0]

    def decide(self, scores: NDArray[np.floating]) -> dict[str, int]:
        """Answer for a recording with scores (11,)."""
        return answer_as_json(scores, self.model.thresholds[self.aggregation])

    def answers(self, paths: Sequence[Path]) -> Answers:
        """Answers for all recordings.

        Raises
        ------
        Refusal
            422 where one cannot be used.
        """
        return {self._name(path): self.decide(scores) for path, scores in self._all_heard(paths)}

    def answer_lines(self, paths: Sequence[Path]) -> Iterator[str]:
        """A line of JSON for each recording, as soon as it is heard; of one that cannot be used, why."""
        for path in paths:
            yield self._line(path, self._heard(path))

    def test(self, clips: Sequence[LabelledClip]) -> dict[str, object]:
        """Measures of the whole set, and the answers as `predictions`.

        Raises
        ------
        Refusal
            422 where a recording cannot be used.
        """
        heard = list(self._all_heard([clip.path for clip in clips]))
        answers = {self._name(path): self.decide(scores) for path, scores in heard}
        return {**self._measure(clips, [scores for _, scores in heard]), "predictions": answers}

    def test_lines(self, clips: Sequence[LabelledClip]) -> Iterator[str]:
        """A line of JSON for each recording, and at the end one with the measures of those that could be used."""
        used, scores = [], []
        for clip in clips:
            heard = self._heard(clip.path)
            yield self._line(clip.path, heard)
            if not isinstance(heard, UserError):
                used.append(clip)
                scores.append(heard)
        if used:
            yield json.dumps({"measures": self._measure(used, scores)}) + "\n"

    def _heard(self, path: Path) -> NDArray[np.float64] | UserError:
        try:
            return self.scores(path)
        except UserError as error:
            return error

    def _all_heard(self, paths: Sequence[Path]) -> Iterator[tuple[Path, NDArray[np.float64]]]:
        for path in paths:
            heard = self._heard(path)
            if isinstance(heard, UserError):
                raise Refusal(
                    422, f"{without_root(self.root, heard)}; the endpoints that stream do the others"
                ) from heard
            yield path, heard

    def _measure(self, clips: Sequence[LabelledClip], scores: Sequence[NDArray]) -> dict[str, object]:
        thresholds = self.model.thresholds[self.aggregation]
        return _without_nan(measures_of(labels_of(clips), np.stack(scores), known_of(clips), thresholds))

    def _line(self, path: Path, heard: NDArray | UserError) -> str:
        told = {"error": without_root(self.root, heard)} if isinstance(heard, UserError) else self.decide(heard)
        return json.dumps({self._name(path): told}) + "\n"

    def _name(self, path: Path) -> str:
        return path.resolve().relative_to(self.root.resolve()).as_posix()


def _without_nan(measured):
    """JSON has no NaN, which stands for what cannot be measured."""
    if isinstance(measured, dict):
        return {name: _without_nan(value) for name, value in measured.items()}
    return None if isinstance(measured, float) and math.isnan(measured) else measured
