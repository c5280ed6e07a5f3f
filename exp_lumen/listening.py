"""What a trained model hears when in any recording, and its answer as in the competition."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from audiokit.files import write_whole
from audiokit.labels.prediction import predict_all
from exp_lumen.evaluation.answering import answer, answer_as_json, scores_of
from exp_lumen.instruments import CODES, NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_lumen.evaluation.model_file import Model

__all__ = ["InstrumentListener", "predict_instruments", "said"]

SECONDS_BETWEEN = 1.0
"""From the begin of a piece to that of the next; a network hears more at once, three seconds say."""


class InstrumentListener:
    """Scores of the instruments every second (`audiokit.labels.prediction.Listener`)."""

    labels: Sequence[str] = NAMES
    context = 0
    normalise = True

    def __init__(self, model: Model) -> None:
        spec = model.network.spec
        self.name = f"Lumen {model.name}"
        self.sample_rate = spec.sample_rate
        self.length = spec.piece_samples
        self.hop = min(self.length, round(SECONDS_BETWEEN * self.sample_rate))
        self._network = model.network

    def __call__(self, pieces: NDArray) -> NDArray:
        """Scores of pieces, (n, length) to (n, 11) in [0, 1]."""
        return scores_of(self._network, pieces)


def predict_instruments(model: Model, names: Sequence[str], output: Path, *, aggregation: str) -> int:
    """Make table, picture, page and answer of each recording in `output/<stem>/`, and print what plays.

    The answer, `answer.json`, is that of `run_test.py`: of pieces that do not overlap, put together by `aggregation`.

    Returns
    -------
    int
        1 where a recording could not be used, else 0.
    """
    thresholds = model.thresholds[aggregation]

    def write_answer(recording: Path, folder: Path) -> None:
        scores = answer(model, [recording], progress=False).of_recordings(aggregation)[0]
        given = answer_as_json(scores, thresholds)
        with write_whole(folder / "answer.json") as partial:
            partial.write_text(json.dumps(given, indent=1), encoding="utf-8")
        print(f"plays: {said(given)}")

    told = ", ".join(f"{name} {threshold:.2f}" for name, threshold in zip(NAMES, thresholds, strict=True))
    notes = [f"Said to play where the {aggregation} of pieces side by side reaches: {told}."]
    return predict_all(InstrumentListener(model), names, output, notes=notes, besides=write_answer)


def said(given: Mapping[str, int]) -> str:
    """The instruments of an answer, in words."""
    return ", ".join(name for code, name in zip(CODES, NAMES, strict=True) if given[code]) or "none of the eleven"
