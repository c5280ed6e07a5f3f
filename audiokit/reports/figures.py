"""Pictures that belong to no window system, and what spectrograms of any kind need to be drawn."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd

__all__ = [
    "COLOUR_MAP",
    "SHOWN_RANGE_DB",
    "Overview",
    "frequency_ticks",
    "mel_range",
    "new_figure",
    "save",
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

FORMATS = {"png": {"pil_kwargs": FAST_COMPRESSION}, "pdf": {}, "svg": {}}
"""Suffix → what matplotlib needs to know besides."""


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
    """Write a figure as PNG, PDF or SVG, by the suffix of the path, whole or not at all.

    Raises
    ------
    UserError
        for another suffix.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UserError(f"{path}: a figure is written as {', '.join(FORMATS)}: give a name that ends so")
    with write_whole(path) as partial, warnings.catch_warnings():
        # Of each letter of a file name that the font has not; a box stands in for it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(partial, dpi=dpi, format=kind, **FORMATS[kind])


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


def mel_range(mel: NDArray[np.floating], front_end: MelFrontEnd) -> tuple[float, float]:
    """Colour limits for a log-Mel spectrogram: its loudest cell, and 80 dB below it."""
    import torch

    top = torch.tensor(float(mel.max()))
    decades = SHOWN_RANGE_DB / 10 * front_end.exponent / 2
    bottom = front_end.compress(front_end.expand(top) * 10**-decades)
    return float(bottom), float(max(top, bottom + 1e-3))


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
