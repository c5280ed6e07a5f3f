"""What is written of a training or a test: figures as JSON, curves and confusion matrices as pictures."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from audiokit.files import make_folder, write_whole
from audiokit.labels.class_figures import confusion_figure
from audiokit.labels.metrics import recall_shares
from audiokit.reports.figures import new_figure, save

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.figure import Figure

    from exp_audioconcept.classifiers.learned import Learned
    from exp_audioconcept.classifiers.testing import Tested

__all__ = ["stamp", "training_figure", "write_confusion", "write_run", "write_statistics"]


def stamp() -> str:
    """Now, to the second, for names of files."""
    return f"{datetime.now():%Y%m%d_%H%M%S}"


def write_run(learned: Learned, tested: Tested | None, figures: Path, *, options: Mapping[str, object]) -> list[Path]:
    """Write statistics of a training, and its curves where it has some: the files."""
    when = stamp()
    content = {"model": learned.kind, "timestamp": when, "options": options, **learned.told}
    if tested:
        content["test"] = _figures(tested)
    written = [write_statistics(figures / f"{learned.kind}_run_stats_{when}.json", content)]
    if learned.losses:
        path = figures / f"{learned.kind}_training_plots_{when}.png"
        save(training_figure(learned), path)
        written.append(path)
    return written


def write_statistics(path: Path, content: Mapping[str, object]) -> Path:
    """Write figures as JSON, whole; gives the path."""
    make_folder(path.parent)
    with write_whole(path) as partial:
        partial.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")
    return path


def _figures(tested: Tested) -> dict[str, object]:
    return {
        "songs": len(tested.truths),
        "accuracy": tested.accuracy,
        "interval_95": tested.interval,
        "chance": tested.chance,
        "macro_f1": tested.macro_f1,
        "by_genre": tested.by_genre(),
        "confusion_rows_true": tested.confusion.tolist(),
        "left_out_since_heard": tested.n_left_out,
    }


def write_confusion(kind: str, tested: Tested, figures: Path) -> list[Path]:
    """Write the confusion matrix of a test as a picture, and its figures: the files."""
    when = stamp()
    low, high = tested.interval
    title = f"{kind}: {tested.accuracy:.1%} of {len(tested.truths)} songs ({low:.0%} to {high:.0%})"
    path = make_folder(figures) / f"{kind}_confusion_matrix_{when}_accu_{tested.accuracy:.3f}.png"
    save(confusion_figure({"": recall_shares(tested.confusion)}, tested.genres, title=title), path)
    content = {"model": kind, "timestamp": when, **_figures(tested)}
    return [path, write_statistics(figures / f"{kind}_evaluation_{when}.json", content)]


def training_figure(learned: Learned) -> Figure:
    """Loss above, accuracy and F1 of the songs to choose by below, and the epoch that is kept."""
    losses = learned.losses
    epochs = np.arange(len(losses["accuracy_valid"]))
    figure = new_figure(8, 6.5)
    upper, lower = figure.subplots(2, 1, sharex=True)
    steps = np.asarray(losses["losses_train"])
    upper.plot(
        np.arange(1, len(steps) + 1) * epochs[-1] / len(steps), steps, color="tab:gray", alpha=0.5, label="training"
    )
    upper.plot(epochs, losses["losses_valid"], color="tab:orange", label="validation")
    upper.set(ylabel="loss", ylim=(0, None), title=f"{learned.kind}: training")
    for name, label in (("accuracy_valid", "accuracy"), ("f1_valid", "macro F1")):
        lower.plot(epochs, losses[name], label=f"{label}, validation")
    lower.axhline(1 / len(learned.settings["genres"]), color="black", linestyle=":", label="chance")
    lower.set(ylabel="share", ylim=(0, 1), xlabel="epoch")
    for axes in (upper, lower):
        axes.axvline(learned.told["best_epoch"], color="tab:green", linestyle="--", label="kept")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    return figure
