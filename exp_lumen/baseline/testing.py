"""The baseline from datasets to its measures."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import yaml

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from audiokit.labels.multilabel import best_thresholds
from exp_lumen.baseline.features import FEATURES, WholeFileFeatures
from exp_lumen.baseline.machines import fit_machines
from exp_lumen.data.pieces import KNOWN, LABELS, create_clip_rows, open_store, store_path
from exp_lumen.data.sources import labelled_clips
from exp_lumen.data.splits import leaks
from exp_lumen.evaluation.answering import answer_as_json
from exp_lumen.evaluation.measures import measures_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["run_baseline"]

OPTIONS = {"train": "--train-paths", "valid": "--val-paths", "test": "--test-paths"}


def run_baseline(
    paths: Mapping[str, Sequence[str]],
    folder: Path,
    *,
    kernel: str = "rbf",
    strength: float = 1.0,
    workers: int | None = None,
    skip_errors: bool = False,
) -> dict[str, object]:
    """Train machines, tune their thresholds, and test them.

    Parameters
    ----------
    paths
        `train`, `valid` and `test`, each TYPE:PATH.
    folder
        for features, which later runs use again, answers and measures.

    Returns
    -------
    dict
        measures of the test set, as `measures_of` gives them.

    Raises
    ------
    UserError
        where recordings cannot be read, or there are none of an instrument to learn from.
    """
    make_folder(folder)
    clips = {name: labelled_clips(texts, option=OPTIONS[name]) for name, texts in paths.items()}
    for leak in leaks(clips):
        print(f"caution: {leak}: what is measured is too good", file=sys.stderr)
    sets = {}
    for name, chosen in clips.items():
        path = store_path(folder, f"features_{name}", chosen)
        create_clip_rows(chosen, path, WholeFileFeatures(), workers=workers, skip_errors=skip_errors)
        with open_store(path) as store:
            sets[name] = store.array(FEATURES)[:], store.columns[LABELS][:], store.columns[KNOWN][:], list(store.names)
    machines = fit_machines(*sets["train"][:3], kernel=kernel, strength=strength)
    if not machines.pipelines:
        raise UserError("no instrument is there and absent in the training set: give more recordings")
    features, targets, known, _ = sets["valid"]
    thresholds = best_thresholds(targets, machines.scores(features), known)
    features, targets, known, names = sets["test"]
    scores = machines.scores(features)
    measured = measures_of(targets, scores, known, thresholds)
    answers = {name: answer_as_json(row, thresholds) for name, row in zip(names, scores, strict=True)}
    with write_whole(folder / "answers.json") as partial:
        partial.write_text(json.dumps(answers, indent=1, ensure_ascii=False), encoding="utf-8")
    with write_whole(folder / "measures.yaml") as partial:
        partial.write_text(yaml.safe_dump({"kernel": kernel, "C": strength, **measured}, sort_keys=False))
    return measured
