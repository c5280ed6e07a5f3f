"""Which classes are taken for which, and which ones suffer: pictures of classification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.reports.figures import new_figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["class_figure", "class_title", "confusion_figure"]

LARGEST_WITH_NUMBERS = 12
"""Classes up to which there is room for figures in the cells."""

CELL_INCHES = 0.36
SMALLEST_CELL_INCHES = 0.16
MARGIN_INCHES = 0.3
"""Beside a title, both sides together."""


def class_title(name: str) -> str:
    """Class as people write it: `0_air_conditioner` → air conditioner."""
    number, _, rest = name.partition("_")
    return (rest if number.isdecimal() else name).replace("_", " ")


def confusion_figure(
    confusions: Mapping[str, NDArray[np.floating]], classes: Sequence[str], *, title: str = ""
) -> Figure:
    """Confusion matrices side by side.

    Parameters
    ----------
    confusions
        heading → (n_classes, n_classes), share of the clips of each class (row) that are taken for each (column); NaN
        for classes without clips.
    classes
        names.
    """
    many = len(classes) > LARGEST_WITH_NUMBERS
    side = len(classes) * (SMALLEST_CELL_INCHES if many else CELL_INCHES)
    figure = new_figure(1.9 + len(confusions) * (side + 0.35), side + 2.2, layout="compressed")
    _widen(figure, figure.suptitle(title, parse_math=False))
    panels = figure.subplots(1, len(confusions), squeeze=False, sharey=True)[0]
    names = [class_title(name) for name in classes]
    for axes, (heading, confusion) in zip(panels, confusions.items(), strict=True):
        image = axes.imshow(confusion, cmap="Blues", vmin=0, vmax=1, aspect="equal")
        axes.set_title(heading, fontsize=10, parse_math=False)
        size = 6 if many else 8
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size, parse_math=False)
        axes.set_yticks(range(len(names)), names, fontsize=size, parse_math=False)
        axes.set_xlabel("taken for")
        if not many:
            _write_shares(axes, confusion)
    panels[0].set_ylabel("class")
    bar = figure.colorbar(image, ax=panels, shrink=0.8, aspect=30)
    bar.set_label("share of the class")
    return figure


def class_figure(
    values: Mapping[str, NDArray[np.floating]], classes: Sequence[str], *, label: str, title: str = ""
) -> Figure:
    """Bars of a value by class, a group a class.

    Parameters
    ----------
    values
        name in the legend → (n_classes,) in [0, 1], NaN where there is none.
    label
        of the axis.
    """
    figure = new_figure(2 + len(classes) * max(0.35, 0.16 * len(values)), 4.2)
    axes = figure.subplots()
    positions = np.arange(len(classes))
    width = 0.8 / len(values)
    for number, (name, heights) in enumerate(values.items()):
        shift = (number - (len(values) - 1) / 2) * width
        axes.bar(positions + shift, np.nan_to_num(heights), width, label=name)
    slanted = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(positions, [class_title(name) for name in classes], **slanted, parse_math=False)
    axes.set(ylim=(0, 1), ylabel=label, xlim=(-0.6, len(classes) - 0.4))
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    _widen(figure, figure.legend(loc="outside upper center", ncols=min(len(values), 4), frameon=False, title=title))
    return figure


def _widen(figure: Figure, artist: Artist) -> None:
    """Let a figure of few classes be as wide as what stands above it, which would be cut off at its sides."""
    width = artist.get_window_extent().width / figure.dpi + MARGIN_INCHES
    figure.set_figwidth(max(figure.get_figwidth(), width))


def _write_shares(axes: Axes, confusion: NDArray[np.floating]) -> None:
    """Percentages of one per cent and more."""
    for (row, column), share in np.ndenumerate(confusion):
        if share >= 0.005:
            colour = "white" if share > 0.55 else "black"
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=6, color=colour)
