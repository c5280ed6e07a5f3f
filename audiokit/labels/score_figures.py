"""What is heard when: scores below the spectrogram of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.labels.class_figures import class_title
from audiokit.reports.figures import COLOUR_MAP, SHOWN_RANGE_DB, frequency_ticks, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from audiokit.labels.scores_over_time import ScoresOverTime

__all__ = ["scores_figure"]

MOST_ROWS = 15
"""Labels that are shown, those with the highest scores of all."""

ROW_INCHES = 0.3


def scores_figure(
    scores: ScoresOverTime,
    levels: NDArray[np.floating],
    centres: NDArray[np.floating],
    *,
    seconds: float,
    title: str,
    label: str = "score",
) -> Figure:
    """Spectrogram above a row for each label, dark where it is not heard.

    Parameters
    ----------
    levels : (n_columns, n_bands)
        dB below the loudest, over `seconds`.
    centres : (n_bands,)
        Hz.
    label
        of the colour bar.
    """
    shown = _shown(scores)
    figure = new_figure(11, 3.2 + ROW_INCHES * len(shown))
    figure.suptitle(title, fontsize=13, parse_math=False)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, ROW_INCHES * len(shown)))
    image = upper.imshow(
        levels.T, origin="lower", aspect="auto", interpolation="nearest", cmap=COLOUR_MAP,
        extent=(0, seconds, -0.5, levels.shape[1] - 0.5), vmin=-SHOWN_RANGE_DB, vmax=0,
    )  # fmt: skip
    frequency_ticks(upper, centres)
    figure.colorbar(image, ax=upper, label="level (dB)", aspect=12)
    _draw_rows(figure, lower, scores, shown, label=label)
    lower.set(xlabel="time (s)", xlim=(0, seconds))
    return figure


def _shown(scores: ScoresOverTime) -> NDArray[np.int64]:
    """Numbers of the labels that are shown: all in their order where there is room, else the loudest first."""
    if len(scores.labels) <= MOST_ROWS:
        return np.arange(len(scores.labels))
    return np.argsort(-scores.scores.max(axis=0), kind="stable")[:MOST_ROWS]


def _draw_rows(figure: Figure, axes: Axes, scores: ScoresOverTime, shown: NDArray[np.int64], *, label: str) -> None:
    # Where pieces overlap, the one ends and the next begins in the middle of what they share.
    begins, ends = scores.times.T
    edges = np.concatenate([begins[:1], (ends[:-1] + begins[1:]) / 2, ends[-1:]])
    mesh = axes.pcolormesh(
        edges, np.arange(len(shown) + 1), scores.scores[:, shown].T, cmap="viridis", vmin=0, vmax=1, rasterized=True
    )
    axes.set_yticks(
        np.arange(len(shown)) + 0.5, [class_title(scores.labels[index]) for index in shown], parse_math=False
    )
    axes.invert_yaxis()
    axes.hlines(np.arange(1, len(shown)), edges[0], edges[-1], colors="white", linewidth=0.8)
    figure.colorbar(mesh, ax=axes, label=label, aspect=12)
