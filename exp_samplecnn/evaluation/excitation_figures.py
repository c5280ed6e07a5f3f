"""Pictures of excitations: by label and channel at each depth, and how far labels differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.reports.figures import new_figure
from exp_samplecnn.evaluation.excitations import spread_over_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["excitations_figure"]

COLUMNS = 3
MOST_NAMES = 20
"""Labels up to which each curve has its name in the legend."""


def excitations_figure(means: Sequence[NDArray[np.floating]], labels: Sequence[str], *, title: str) -> Figure:
    """A panel a block with a curve a label, channels sorted by their mean; and one with the spread over labels.

    Parameters
    ----------
    means
        for each block (n_labels, n_channels), NaN in labels without clips.
    """
    n_rows = -(-(len(means) + 1) // COLUMNS)
    figure = new_figure(12, 2.7 * n_rows + 1.2)
    figure.suptitle(title, parse_math=False)
    panels = figure.subplots(n_rows, COLUMNS, squeeze=False).ravel()
    colours = _colours(len(labels))
    for depth, (axes, block) in enumerate(zip(panels, means, strict=False)):
        order = np.argsort(np.nanmean(block, axis=0))
        for label, curve, colour in zip(labels, block, colours, strict=True):
            axes.plot(curve[order], color=colour, linewidth=0.8, label=label)
        axes.set(title=f"block {depth}", ylim=(0, 1), xlim=(0, block.shape[1] - 1))
        axes.set(xlabel="channel, by its mean", ylabel="excitation")
    spread = panels[len(means)]
    spread.plot([spread_over_labels(block) for block in means], "o-", color="black")
    spread.set(title="how far labels differ", xlabel="block", ylabel="standard deviation")
    spread.set_ylim(bottom=0)
    spread.grid(alpha=0.3)
    for axes in panels[len(means) + 1 :]:
        axes.set_axis_off()
    if len(labels) <= MOST_NAMES:
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(labels), 10), frameon=False)
    return figure


def _colours(n: int) -> NDArray[np.floating]:
    from matplotlib import colormaps

    return colormaps["nipy_spectral"](np.linspace(0.05, 0.95, n))
