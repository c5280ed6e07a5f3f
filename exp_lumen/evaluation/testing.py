"""A model on datasets: answers as JSON, and with labels measures and pictures."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from audiokit.reports import figures
from exp_lumen.data.clips import known_of, labels_of
from exp_lumen.data.sources import INFERENCE, READERS, split_type
from exp_lumen.data.tables import unlabelled_paths
from exp_lumen.evaluation.answering import answer, answer_as_json
from exp_lumen.evaluation.figures import curves_figure, instruments_figure, matrices_figure, score_histogram_figure
from exp_lumen.evaluation.measures import measures_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exp_lumen.data.clips import LabelledClip
    from exp_lumen.evaluation.answering import Answers
    from exp_lumen.evaluation.model_file import Model

__all__ = ["Tested", "keys_of", "names_of", "run_on"]

UNREADABLE_TOLD = 5


@dataclass(frozen=True)
class Tested:
    """What came of a dataset."""

    answers: dict[str, dict[str, int]]
    """Name of the recording → answer as in the competition."""
    measures: dict[str, object] | None
    """Of recordings, where there are labels."""
    unreadable: dict[Path, str]


def names_of(datasets: Sequence[str]) -> list[str]:
    """Names for what comes of datasets, unlike each other: of file or folder, with that of the folder above if need be.

    Raises
    ------
    UserError
        where that does not tell them apart.
    """
    paths = [split_type(dataset)[1] for dataset in datasets]
    short = [path.stem if path.is_file() else path.name or "recordings" for path in paths]
    names = [
        f"{path.resolve().parent.name}_{name}" if short.count(name) > 1 else name
        for path, name in zip(paths, short, strict=True)
    ]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise UserError(f"{names.count(repeated[0])} datasets would be called {repeated[0]}: test them one by one")
    return names


def run_on(
    model: Model,
    dataset: str,
    output: Path,
    *,
    name: str,
    aggregation: str,
    batch_size: int = 8,
    pictures: bool = True,
) -> Tested:
    """Test or use a model on a dataset.

    Writes `<name>.json`; with labels also `<name>_recordings.yaml`, `<name>_pieces.yaml` and pictures.

    Parameters
    ----------
    dataset
        TYPE:PATH, or a path without labels.
    name
        of what is written, `names_of` the datasets.
    aggregation
        of pieces, one of `aggregation.AGGREGATIONS`.

    Raises
    ------
    UserError
        where it cannot be read.
    """
    kind, path = split_type(dataset)
    clips = None if kind == INFERENCE else READERS[kind](path)
    paths = unlabelled_paths(path) if clips is None else [clip.path for clip in clips]
    answers = answer(model, paths, batch_size=batch_size)
    _tell_unreadable(answers)
    scores = answers.of_recordings(aggregation)
    thresholds = model.thresholds[aggregation]
    keys = keys_of(answers.paths)
    given = {key: answer_as_json(row, thresholds) for key, row in zip(keys, scores, strict=True)}
    make_folder(output)
    stem = output / name
    _write_text(Path(f"{stem}.json"), json.dumps(given, indent=1, ensure_ascii=False))
    measures = None
    if clips is not None:
        title = f"{model.name}, {len(answers.paths)} recordings of {Path(*path.parts[-2:])}" if pictures else None
        measures = _measure(clips, answers, scores, thresholds, stem, title=title)
    return Tested(given, measures, answers.unreadable)


def keys_of(paths: Sequence[Path]) -> list[str]:
    """Names of recordings, unlike each other: paths below the folder that all have in common, with `/`."""
    common = Path(os.path.commonpath([path.resolve().parent for path in paths]))
    return [path.resolve().relative_to(common).as_posix() for path in paths]


def _measure(
    clips: Sequence[LabelledClip],
    answers: Answers,
    scores: NDArray,
    thresholds: NDArray,
    stem: Path,
    *,
    title: str | None,
) -> dict[str, object]:
    """Write measures, and pictures where they have a title."""
    readable = set(answers.paths)
    kept = [clip for clip in clips if clip.path in readable]
    targets, known = labels_of(kept), known_of(kept)
    measured = measures_of(targets, scores, known, thresholds)
    rows = np.repeat(np.arange(len(kept)), answers.n_pieces)
    pieces = measures_of(targets[rows], answers.scores, known[rows], thresholds)
    for what, values in (("recordings", measured), ("pieces", pieces)):
        _write_text(Path(f"{stem}_{what}.yaml"), yaml.safe_dump(values, sort_keys=False))
    if title:
        decisions = scores >= thresholds
        drawn = {
            "instruments": instruments_figure(measured, title=title),
            "matrices": matrices_figure(targets, decisions, known, title=title),
            "scores": score_histogram_figure(targets, scores, known, thresholds, title=title),
            "roc": curves_figure(targets, scores, known, kind="ROC", title=title),
            "precision_recall": curves_figure(targets, scores, known, kind="PR", title=title),
        }
        for what, figure in drawn.items():
            figures.save(figure, Path(f"{stem}_{what}.png"))
    return measured


def _tell_unreadable(answers: Answers) -> None:
    for reason in list(answers.unreadable.values())[:UNREADABLE_TOLD]:
        print(f"caution: left out: {reason}", file=sys.stderr)
    if more := len(answers.unreadable) - UNREADABLE_TOLD:
        print(f"caution: and {more} more left out" if more > 0 else "", file=sys.stderr, end="\n" if more > 0 else "")


def _write_text(path: Path, text: str) -> None:
    with write_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
