"""What a training leaves in its folder when its stages have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.reports import figures
from exp_samplecnn.learning.model_files import SUFFIX

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from exp_samplecnn.learning.stages import StagedTraining

__all__ = ["finish", "stages_figure"]

SMOOTHED = 50
"""Batches that the training loss is averaged over."""

LEAST_WINDOWS = 5
"""Of so many batches that a stage has: in a short one they are narrower, so that a curve is left."""


def finish(training: StagedTraining) -> Path:
    """Draw the losses of all stages, and give the last network its name with its test scores; gives its path."""
    last = training.options.n_stages - 1
    figures.save(stages_figure(training), training.folder / "losses.png")
    scores = training.record(last)["test"]
    name = "-".join(
        f"{label}_{scores[measure]:.6f}" for label, measure in {"auc": "rocauc", "acc": "acc", "f1": "f1"}.items()
    )
    for stage in range(last):
        training.model_path(stage).unlink(missing_ok=True)
    return training.model_path(last).rename(training.folder / f"final-{name}{SUFFIX}")


def stages_figure(training: StagedTraining) -> Figure:
    """Losses of training, smoothed, and of validation over all epochs, with the stages' learning rates."""
    figure = figures.new_figure(9, 4.5)
    axes = figure.subplots()
    done = 0
    for stage in range(training.options.n_stages):
        record = training.record(stage)
        valid = np.asarray(record["losses"]["losses_valid"])
        train = np.asarray(record["losses"]["losses_train"])
        n_epochs = len(valid) - 1
        width = max(1, min(SMOOTHED, len(train) // LEAST_WINDOWS))
        smooth = np.convolve(train, np.full(width, 1 / width), "valid")
        at = done + (np.arange(len(smooth)) + (width + 1) / 2) * n_epochs / len(train)
        axes.plot(at, smooth, "." if len(smooth) == 1 else "-", color="tab:gray", label=None if stage else "training")
        shown = slice(0 if stage else 1, None)  # before the first epoch there is only chance
        epochs = done + np.arange(len(valid))
        axes.plot(epochs[shown], valid[shown], "o-", color="tab:orange", label=None if stage else "validation")
        axes.axvline(done, color="black", linewidth=0.6, linestyle=":")
        axes.text(done, 1.01, f" {record['learning_rate']:.2g}", transform=axes.get_xaxis_transform(), fontsize=8)
        done += n_epochs
    axes.set(xlabel="epoch (dotted: a stage begins, at the learning rate above it)", ylabel="cross-entropy")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.suptitle(training.folder.name, parse_math=False)
    return figure
