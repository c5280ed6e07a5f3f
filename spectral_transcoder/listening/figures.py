"""The picture of a recording: its third octaves above its Mel spectrograms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.reports.figures import COLOUR_MAP, SHOWN_RANGE_DB, frequency_ticks, mel_range, new_figure
from spectral_transcoder.third_octave import CENTRE_FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd

__all__ = ["spectrogram_figure", "third_octave_range"]

ROW_HEIGHT = 2.1
MARGIN = 0.55
"""Inches."""


def third_octave_range(levels: NDArray[np.floating]) -> tuple[float, float]:
    """Colour limits for levels: the loudest, and 80 dB below it."""
    top = float(levels.max())
    return top - SHOWN_RANGE_DB, top


def spectrogram_figure(
    levels: NDArray[np.floating],
    mels: Mapping[str, NDArray[np.floating]],
    front_end: MelFrontEnd,
    *,
    seconds: float,
    title: str,
) -> Figure:
    """Third-octave spectrogram above Mel spectrograms, which share their colours.

    Parameters
    ----------
    levels : (n_columns, 29)
        in dB.
    mels
        title → (n_columns, n_mels), the first being the one whose range all share.
    """
    n_rows = 1 + len(mels)
    height = ROW_HEIGHT * n_rows + 2.4 * MARGIN
    # Places are known beforehand: a layout engine would take as long as the drawing.
    figure = new_figure(11, height, layout=None)
    grid = figure.add_gridspec(
        n_rows, 2, width_ratios=(1, 0.015), left=0.06, right=0.92, wspace=0.03, hspace=0.25,
        bottom=MARGIN / height, top=1 - 1.4 * MARGIN / height,
    )  # fmt: skip
    rows = [figure.add_subplot(grid[row, 0]) for row in range(n_rows)]
    # A file name is no formula, whatever dollars are in it.
    figure.suptitle(title, fontsize=13, y=1 - 0.35 * MARGIN / height, parse_math=False)
    image = _draw(rows[0], levels, third_octave_range(levels), seconds=seconds)
    frequency_ticks(rows[0], CENTRE_FREQUENCIES)
    rows[0].set_title("third octaves, 125 ms: what the sensor keeps", loc="left", fontsize=11)
    figure.colorbar(image, cax=figure.add_subplot(grid[0, 1]), label="level (dB)")
    limits = mel_range(next(iter(mels.values())), front_end)
    centres = front_end.centre_frequencies()
    for axes, (name, mel) in zip(rows[1:], mels.items(), strict=True):
        image = _draw(axes, mel, limits, seconds=seconds)
        frequency_ticks(axes, centres)
        axes.set_title(name, loc="left", fontsize=11)
    figure.colorbar(image, cax=figure.add_subplot(grid[1:, 1]), label=front_end.unit)
    for axes in rows[:-1]:
        axes.set_xticklabels([])
    rows[-1].set_xlabel("time (s)")
    return figure


def _draw(axes: Axes, image: NDArray[np.floating], limits: tuple[float, float], *, seconds: float) -> AxesImage:
    return axes.imshow(
        image.T,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=COLOUR_MAP,
        extent=(0, seconds, -0.5, image.shape[1] - 0.5),
        vmin=limits[0],
        vmax=limits[1],
    )
