"""Figures of a network as text, as a table, and as pictures."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from audiokit.cli import columns
from audiokit.files import write_whole
from audiokit.labels.class_figures import class_figure, confusion_figure
from audiokit.labels.metrics import confusion
from audiokit.reports import figures
from exp_samplecnn.evaluation.measures import CLASS_MEASURES, MEASURES, Measured

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_samplecnn.tasks import Task

__all__ = ["draw_measures", "overall_text", "write_class_table", "write_clip_scores"]

LEGEND = {"rocauc": "ROC-AUC", "prauc": "average precision", "f1": "F1"}


def overall_text(measured: Measured, labels: Sequence[str]) -> str:
    """Figures of the whole split, a line each, and which classes have none."""
    text = columns([(name, f"{value:.6f}", MEASURES[name]) for name, value in measured.overall.items()])
    if len(measured.without_ranking):
        left_out = "; ".join(labels[index] for index in measured.without_ranking)
        text += f"\nrocauc and prauc leave out what all clips have, or none: {left_out}"
    return text


def write_class_table(path: Path, measured: Measured, labels: Sequence[str]) -> None:
    """Write figures by class as CSV; an empty cell is a figure that a class has not."""
    with write_whole(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["class", "clips", *CLASS_MEASURES])
        for index, label in enumerate(labels):
            values = [measured.by_class[name][index] for name in CLASS_MEASURES]
            texts = ["" if np.isnan(value) else f"{value:.6f}" for value in values]
            writer.writerow([label, int(measured.n_clips[index]), *texts])


def write_clip_scores(path: Path, names: Sequence[str], scores: NDArray[np.floating], labels: Sequence[str]) -> None:
    """Write the scores of each clip as CSV, a row a clip; with fewer digits, some would be ties that are none."""
    with write_whole(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip", *labels])
        for name, row in zip(names, scores, strict=True):
            writer.writerow([name, *(f"{score:.9g}" for score in row)])


def draw_measures(
    folder: Path,
    measured: Measured,
    task: Task,
    targets: NDArray[np.integer],
    scores: NDArray[np.floating],
    *,
    title: str,
) -> list[Path]:
    """Pictures of the figures by class, and of which words are taken for which where a clip has one; gives paths.

    Parameters
    ----------
    targets, scores : (n_clips, n_labels)
    """
    values = {legend: measured.by_class[name] for name, legend in LEGEND.items()}
    paths = [folder / "classes.png"]
    figures.save(class_figure(values, task.labels, label="measure", title=title), paths[0])
    if task.one_label:
        shares = confusion(targets, scores)
        paths.append(folder / "confusion.png")
        heading = f"{measured.overall['argmax']:.1%} right"
        figures.save(confusion_figure({heading: shares}, task.labels, title=title), paths[1])
    return paths
