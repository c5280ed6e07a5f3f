"""Pictures of how well instruments are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.labels.class_figures import class_figure
from audiokit.labels.multilabel import two_by_two
from audiokit.reports.figures import new_figure
from exp_lumen.instruments import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["curves_figure", "instruments_figure", "matrices_figure", "score_histogram_figure"]

GRID = (3, 4)


def instruments_figure(measures: Mapping[str, object], *, title: str) -> Figure:
    """F1, precision and recall of each instrument, as `exp_lumen.evaluation.measures.measures_of` gives them."""
    by_code = measures["instruments"].values()
    values = {name: np.array([row[name] for row in by_code]) for name in ("f1", "precision", "recall")}
    return class_figure(values, NAMES, label="by instrument", title=title)


def matrices_figure(targets: NDArray, decisions: NDArray, known: NDArray, *, title: str) -> Figure:
    """A matrix of 2 × 2 for each instrument: recordings with and without it, and what is said of them."""
    figure, panels = _panels(title)
    for axes, name, counts in zip(panels, NAMES, two_by_two(targets, decisions, known), strict=False):
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > 0.55 else "black"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=9, color=colour)
        axes.set_title(name, fontsize=9)
        axes.set_xticks((0, 1), ("not said", "said"), fontsize=7)
        axes.set_yticks((0, 1), ("absent", "present"), fontsize=7)
    return figure


def curves_figure(targets: NDArray, scores: NDArray[np.floating], known: NDArray, *, kind: str, title: str) -> Figure:
    """Curves of each instrument.

    Parameters
    ----------
    targets, scores, known : (n_recordings, 11)
    kind
        "ROC": hits over false alarms; "PR": precision over recall.
    """
    from sklearn.metrics import auc, precision_recall_curve, roc_curve

    figure = new_figure(6.4, 5)
    axes = figure.subplots()
    for index, name in enumerate(NAMES):
        used = known[:, index] > 0
        truth, score = targets[used, index], scores[used, index]
        if not 0 < truth.sum() < len(truth):
            continue
        if kind == "ROC":
            across, up, _ = roc_curve(truth, score)
        else:
            up, across, _ = precision_recall_curve(truth, score)
        axes.plot(across, up, linewidth=1.3, color=_colour(index), label=f"{name} {auc(across, up):.2f}")
    labels = ("false alarms", "hits") if kind == "ROC" else ("recall", "precision")
    axes.set(xlabel=labels[0], ylabel=labels[1], xlim=(0, 1), ylim=(0, 1.01))
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right center", frameon=False, title="area below", fontsize=8)
    figure.suptitle(title, fontsize=11, parse_math=False)
    return figure


def score_histogram_figure(
    targets: NDArray, scores: NDArray[np.floating], known: NDArray, thresholds: NDArray[np.floating], *, title: str
) -> Figure:
    """Scores of recordings that are known to have each instrument and not to, and the threshold between."""
    figure, panels = _panels(title)
    bins = np.linspace(0, 1, 21)
    for index, (axes, name) in enumerate(zip(panels, NAMES, strict=False)):
        used = known[:, index] > 0
        present, score = targets[used, index] > 0, scores[used, index]
        axes.hist(score[~present], bins, color="tab:gray", alpha=0.6, label="absent")
        axes.hist(score[present], bins, color="tab:orange", alpha=0.7, label="present")
        axes.axvline(thresholds[index], color="black", linewidth=0.8)
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
    panels[len(NAMES)].legend(*panels[0].get_legend_handles_labels(), loc="center", frameon=False)
    return figure


def _panels(title: str) -> tuple[Figure, list[Axes]]:
    """A figure with a place for each instrument; those that are left over have no frame."""
    figure = new_figure(9, 7)
    figure.suptitle(title, fontsize=11, parse_math=False)
    panels = list(figure.subplots(*GRID).flat)
    for axes in panels[len(NAMES) :]:
        axes.set_axis_off()
    return figure, panels


def _colour(index: int) -> tuple:
    from matplotlib import colormaps

    return colormaps["tab20"](index * 2 % 20 if index < 10 else 1)
