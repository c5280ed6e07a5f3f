"""Pictures of third-octave and Mel spectrograms."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.third_octave import CENTRE_FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from spectral_transcoder.mel import MelFrontEnd

__all__ = [
    "COLOUR_MAP",
    "Overview",
    "frequency_ticks",
    "mel_range",
    "new_figure",
    "save",
    "spectrogram_figure",
    "third_octave_range",
    "thumbnail",
]

COLOUR_MAP = "inferno"
SHOWN_RANGE_DB = 80
TICK_DISTANCE = 0.1
"""Of the axis, that labels need to themselves."""

OCTAVES = (31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000)
MAX_COLUMNS = 2000
FAST_COMPRESSION = {"compress_level": 1}
"""The usual level 6 takes longer than the drawing, for files that are a fifth smaller."""

ROW_HEIGHT = 2.1
MARGIN = 0.55
"""Inches."""


class Overview:
    """A spectrogram of any length, averaged over time to a picture's width while it comes in.

    Parameters
    ----------
    n_frames
        that will come in all.
    max_columns
        of the picture.
    """

    def __init__(self, n_frames: int, *, max_columns: int = MAX_COLUMNS) -> None:
        self.n_frames = max(n_frames, 1)
        self.n_columns = min(self.n_frames, max_columns)
        self.position = 0
        self.counts = np.zeros(self.n_columns)
        self.sums: NDArray[np.float64] | None = None

    def add(self, frames: NDArray[np.floating]) -> None:
        """Add the next frames, (n, n_bands)."""
        if self.sums is None:
            self.sums = np.zeros((self.n_columns, frames.shape[1]))
        columns = (self.position + np.arange(len(frames))) * self.n_columns // self.n_frames
        columns = np.minimum(columns, self.n_columns - 1)
        np.add.at(self.sums, columns, frames)
        np.add.at(self.counts, columns, 1)
        self.position += len(frames)

    @property
    def image(self) -> NDArray[np.float64]:
        """(n_columns, n_bands), the mean of what has come in."""
        filled = self.counts > 0
        return self.sums[filled] / self.counts[filled, None]


def new_figure(width: float, height: float, *, layout: str | None = "constrained") -> Figure:
    """Figure that belongs to no window system; sizes in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, path: Path, *, dpi: int = 110) -> None:
    """Write a figure as PNG, whole or not at all."""
    from spectral_transcoder.files import write_whole

    with write_whole(path) as partial, warnings.catch_warnings():
        # Of each letter of a file name that the font has not; a box stands in for it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(partial, dpi=dpi, format="png", pil_kwargs=FAST_COMPRESSION)


def thumbnail(image: NDArray[np.floating], limits: tuple[float, float]) -> bytes:
    """PNG of a spectrogram, a pixel a cell, low frequencies at the bottom.

    Parameters
    ----------
    image : (n_columns, n_bands)
    limits
        values of the darkest and the brightest colour.
    """
    from matplotlib.image import imsave

    stream = io.BytesIO()
    imsave(
        stream, image.T, origin="lower", cmap=COLOUR_MAP, vmin=limits[0], vmax=limits[1], format="png",
        pil_kwargs=FAST_COMPRESSION,
    )  # fmt: skip
    return stream.getvalue()


def third_octave_range(levels: NDArray[np.floating]) -> tuple[float, float]:
    """Colour limits for levels: the loudest, and 80 dB below it."""
    top = float(levels.max())
    return top - SHOWN_RANGE_DB, top


def mel_range(mel: NDArray[np.floating], front_end: MelFrontEnd) -> tuple[float, float]:
    """Colour limits for a log-Mel spectrogram: its loudest cell, and 80 dB below it."""
    import torch

    top = torch.tensor(float(mel.max()))
    decades = SHOWN_RANGE_DB / 10 * front_end.exponent / 2
    bottom = front_end.compress(front_end.expand(top) * 10**-decades)
    return float(bottom), float(max(top, bottom + 1e-3))


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


def frequency_ticks(axes: Axes, centres: NDArray[np.floating]) -> None:
    """Octaves from 31.5 Hz up, where they fall between the bands' centres."""
    places: dict[float, float] = {}
    for octave in reversed(OCTAVES):
        place = float(np.interp(octave, centres, np.arange(len(centres))))
        closest = min((abs(place - other) for other in places.values()), default=np.inf)
        if centres[0] <= octave <= centres[-1] and closest >= len(centres) * TICK_DISTANCE:
            places[octave] = place
    axes.set_yticks(list(places.values()), [_frequency_name(octave) for octave in places])
    axes.set_ylabel("Hz")


def _frequency_name(frequency: float) -> str:
    return f"{frequency / 1000:g}k" if frequency >= 1000 else f"{frequency:g}"
