"""Pictures of the data set and of what is told apart in it, as the original draws them, with what was missing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from audiokit.reports.figures import new_figure
from exp_emvd.tasks import spaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["analysis_figure", "confusion_heat_map", "spectrograms_figure"]

FONT, FONT_ELSEWHERE = "Times New Roman", "DejaVu Serif"
FONT_SIZE = 18

TECHNIQUE_COLOUR, EFFECT_COLOUR = "#56b4e9", "#ca9161"
"""Of seaborn's palette for colour-blind readers."""

DARK = 0.55
"""Share of the range from which text on a colour is white."""

LOUDEST_SHOWN = 15
"""Magnitude of the darkest colour of a spectrogram."""


@contextmanager
def _printed_font() -> Iterator[None]:
    """Letters as in the paper, where this machine has them."""
    import matplotlib
    from matplotlib.font_manager import get_font_names

    family = FONT if FONT in get_font_names() else FONT_ELSEWHERE
    with matplotlib.rc_context({"font.family": family, "font.size": FONT_SIZE}):
        yield


def confusion_heat_map(shares: NDArray[np.floating], labels: Sequence[str], *, rows: str, columns: str) -> Figure:
    """Percentages of a confusion matrix on its colours.

    Parameters
    ----------
    shares : (n_labels, n_labels)
        rows sum to 1; NaN where there is nothing.
    labels
    rows, columns
        titles of the axes.
    """
    with _printed_font():
        figure = new_figure(8 + 0.3 * max(0, len(labels) - 4), 6 + 0.25 * max(0, len(labels) - 4))
        axes = figure.subplots()
        image = axes.imshow(100 * shares, cmap="magma_r", vmin=0, aspect="auto")
        names = [spaced(label) for label in labels]
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel=columns, ylabel=rows)
        _write_percentages(axes, shares)
        figure.colorbar(image, ax=axes, label="%")
    return figure


def _write_percentages(axes: Axes, shares: NDArray[np.floating]) -> None:
    size = min(FONT_SIZE, 110 / len(shares))
    for (row, column), share in np.ndenumerate(shares):
        if np.isfinite(share):
            colour = "white" if share > DARK * np.nanmax(shares) else "black"
            text = f"{100 * share:.0f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=size, fontweight="bold", color=colour)


def analysis_figure(totals: pandas.DataFrame) -> Figure:
    """How long each technique and effect is sung in the data set, and by how many singers.

    Parameters
    ----------
    totals
        as `exp_emvd.figures.dataset_analysis.totals` gives them.
    """
    with _printed_font():
        figure = new_figure(20, 6)
        panels = figure.subplots(1, 2)
        titles = {"seconds": "Samples total duration (s)", "singers": "Number of singers"}
        for axes, (column, title) in zip(panels, titles.items(), strict=True):
            colours = np.where(totals["type"] == "Effect", EFFECT_COLOUR, TECHNIQUE_COLOUR)
            axes.barh([spaced(name) for name in totals.index], totals[column], color=colours)
            axes.invert_yaxis()
            axes.set_xlabel(title)
            axes.spines[["top", "right"]].set_visible(False)
    return figure


def spectrograms_figure(magnitudes: Mapping[str, NDArray[np.floating]], *, seconds: float, bin_hz: float) -> Figure:
    """Spectrograms of eight ways of singing, four in a row.

    Parameters
    ----------
    magnitudes
        title → (n_bins, n_frames), linear.
    seconds
        that each lasts.
    bin_hz
        from one bin to the next.
    """
    with _printed_font():
        figure = new_figure(20, 8)
        panels = figure.subplots(2, 4, sharex=True, sharey=True)
        for axes, (title, magnitude) in zip(panels.flat, magnitudes.items(), strict=True):
            lowest, highest = (
                np.array([-0.5, len(magnitude) - 0.5]) * bin_hz
            ) / 1000  # a bin is shown around its centre
            image = axes.imshow(
                magnitude, origin="lower", aspect="auto", extent=(0, seconds, lowest, highest), cmap="inferno_r",
                vmin=0, vmax=LOUDEST_SHOWN,
            )  # fmt: skip
            axes.set_title(title)
            axes.set(xticks=np.linspace(0, seconds, 3), yticks=range(1, int(highest) + 1))
        for axes in panels[:, 0]:
            axes.set_ylabel("Frequency (kHz)")
        for axes in panels[-1]:
            axes.set_xlabel("Time (s)")
        figure.colorbar(image, ax=panels, label="Amplitude")
    return figure
