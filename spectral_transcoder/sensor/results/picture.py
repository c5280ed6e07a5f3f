"""A picture of levels and tags over time, whatever the time is: a second a column, or a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.reports import figures
from spectral_transcoder.listening.tags import top_labels
from spectral_transcoder.sensor.levels.quality import duration
from spectral_transcoder.sensor.times.clock import Clock
from spectral_transcoder.third_octave import CENTRE_FREQUENCIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.results.overview import Overview

__all__ = ["sensor_figure"]

GAP_COLOUR = "0.85"
SCORE_COLOURS = "magma_r"
SHOWN_DB = 60
TIME_UNITS = ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h"), (np.inf, 86400, "days"))
ROW_HEIGHT = 0.26
"""Inches, of a label."""

LONGEST_NAME = 34


def sensor_figure(overview: Overview, *, clock: Clock, title: str) -> Figure:
    """Levels above the presence of groups above the labels with the highest mean scores.

    Parameters
    ----------
    overview
        with one block at least.
    clock
        what its times count from.
    """
    levels, step = overview.levels, overview.energy.column_seconds
    labels = [label for label, _ in top_labels(np.nan_to_num(overview.mean_scores), overview.summary.labels)]
    n_groups = len(overview.summary.heard)
    heights = [2.6, *([max(0.6, ROW_HEIGHT * n_groups)] if n_groups else []), ROW_HEIGHT * len(labels)]
    figure = figures.new_figure(12, sum(heights) + 0.5 * len(heights) + 0.8)
    figure.suptitle(title, fontsize=12, parse_math=False)
    rows = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights))
    unit, name = _time_unit(len(levels) * step, clock)

    def edges(n_columns: int, seconds: float) -> tuple[float, float]:
        return overview.start / unit, (overview.start + n_columns * seconds) / unit

    finite = levels[np.isfinite(levels)]
    top = float(finite.max()) if len(finite) else 0.0
    _draw(rows[0], levels, edges(len(levels), step), figures.COLOUR_MAP, (top - SHOWN_DB, top), "dB")
    figures.frequency_ticks(rows[0], CENTRE_FREQUENCIES)
    _name(rows[0], f"third octaves, means of {duration(step)}")
    step = overview.scores.column_seconds
    merged = step > overview.block_seconds
    if n_groups:
        image = overview.presence.image
        _draw_rows(rows[1], image, list(overview.summary.heard), edges(len(image), step), 1)
        _name(
            rows[1], f"share of blocks with it, in {duration(step)} each" if merged else "blocks in which it is present"
        )
    image = overview.scores.image[:, [overview.summary.labels.index(label) for label in labels]]
    highest = float(np.nanmax(image)) if overview.n_scored else 1.0
    _draw_rows(rows[-1], image, labels, edges(len(image), step), highest)
    _name(rows[-1], "labels with the highest scores" + (f", means of {duration(step)}" if merged else ""))
    rows[-1].set_xlim(edges(len(levels), overview.energy.column_seconds))
    rows[-1].set_xlabel(name)
    if clock is not Clock.BEGINNING:
        _label_dates(rows[-1])
    return figure


def _time_unit(seconds: float, clock: Clock) -> tuple[float, str]:
    """Seconds in the unit of the time axis, and its name: matplotlib's dates are days."""
    if clock is not Clock.BEGINNING:
        return 86400, "UTC" if clock is Clock.UTC else "time of the file"
    return next((divisor, f"time ({unit})") for limit, divisor, unit in TIME_UNITS if seconds < limit)


def _name(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=10)


def _draw(
    axes: Axes,
    image: NDArray[np.floating],
    edges: tuple[float, float],
    colours: str,
    limits: tuple[float, float],
    unit: str = "",
) -> None:
    axes.set_facecolor(GAP_COLOUR)
    drawn = axes.imshow(
        np.ma.masked_invalid(image.T),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=colours,
        extent=(*edges, -0.5, image.shape[1] - 0.5),
        vmin=limits[0],
        vmax=limits[1],
    )
    axes.figure.colorbar(drawn, ax=axes, pad=0.01, label=unit)


def _draw_rows(
    axes: Axes, image: NDArray[np.floating], names: list[str], edges: tuple[float, float], highest: float
) -> None:
    """Rows with names, the first at the top."""
    _draw(axes, image[:, ::-1], edges, SCORE_COLOURS, (0, highest))
    axes.set_yticks(range(len(names)), [name[:LONGEST_NAME] for name in names][::-1], fontsize=8)
    axes.tick_params(axis="y", length=0)
    for boundary in range(len(names) - 1):
        axes.axhline(boundary + 0.5, color="white", linewidth=0.8)


def _label_dates(axes: Axes) -> None:
    from matplotlib import dates

    locator = dates.AutoDateLocator(maxticks=12)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
