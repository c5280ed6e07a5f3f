"""Pictures of a sensor: each hour of each day, and the hours of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.reports.figures import new_figure
from spectral_transcoder.sensor.network.accumulation import (
    DAYS_A_WEEK,
    HOURS_A_DAY,
    add_up,
    calendar_of,
    means,
)
from spectral_transcoder.sensor.network.tables import WEEKDAYS
from spectral_transcoder.sensor.results.picture import GAP_COLOUR, SCORE_COLOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.network.accumulation import HourSums

__all__ = ["calendar_figure", "calendar_image", "week_figure", "week_image"]

WIDTH, ROW_HEIGHT = 9, 1.9
"""Inches."""


def calendar_image(sums: HourSums) -> NDArray[np.float64]:
    """Share of each group in per cent by hour of the day and day, (n_groups, 24, n_days); NaN where nobody knows.

    The first day is the first that has scores.
    """
    at = calendar_of(sums.hours)
    first, n_days = at.day.min(), np.ptp(at.day) + 1
    percent = means(sums.sums).percent
    image = np.full((percent.shape[1], HOURS_A_DAY, n_days), np.nan)
    image[:, at.hour, at.day - first] = percent.T
    return image


def week_image(sums: HourSums) -> NDArray[np.float64]:
    """Share of each group in per cent by day of the week and hour, (n_groups, 7, 24); NaN where nobody knows."""
    at = calendar_of(sums.hours)
    keys, of_keys = add_up(at.weekday * HOURS_A_DAY + at.hour, sums.sums)
    percent = means(of_keys).percent
    image = np.full((percent.shape[1], DAYS_A_WEEK * HOURS_A_DAY), np.nan)
    image[:, keys] = percent.T
    return image.reshape(-1, DAYS_A_WEEK, HOURS_A_DAY)


def calendar_figure(sums: HourSums, groups: Sequence[str], *, title: str) -> Figure:
    """Hours of the day, upwards, over the days, a row for each group."""
    from matplotlib import dates

    first = int(calendar_of(sums.hours).day.min())
    images = calendar_image(sums)
    figure, rows = _rows(groups, title)
    for axes, name, image in zip(rows, groups, images, strict=True):
        _draw(axes, image, (first, first + image.shape[1], 0, HOURS_A_DAY), name)
        axes.set_yticks(range(0, HOURS_A_DAY + 1, 6))
        axes.set_ylabel("hour")
        locator = dates.AutoDateLocator(minticks=2, maxticks=9, interval_multiples=True)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    return figure


def week_figure(sums: HourSums, groups: Sequence[str], *, title: str) -> Figure:
    """Days of the week, downwards, over the hours of the day, a row for each group."""
    figure, rows = _rows(groups, title)
    for axes, name, image in zip(rows, groups, week_image(sums), strict=True):
        _draw(axes, image[::-1], (0, HOURS_A_DAY, 0, DAYS_A_WEEK), name)
        axes.set_yticks(np.arange(DAYS_A_WEEK) + 0.5, [name[:3] for name in WEEKDAYS][::-1], fontsize=8)
        axes.set_xticks(range(0, HOURS_A_DAY + 1, 3))
    rows[-1].set_xlabel("hour of the day")
    return figure


def _rows(groups: Sequence[str], title: str) -> tuple[Figure, list[Axes]]:
    n_rows = max(len(groups), 1)
    figure = new_figure(WIDTH, ROW_HEIGHT * n_rows + 0.7)
    figure.suptitle(title, fontsize=11, parse_math=False)
    return figure, list(figure.subplots(n_rows, 1, sharex=True, squeeze=False)[:, 0])


def _draw(axes: Axes, image: NDArray[np.float64], extent: tuple[float, float, float, float], name: str) -> None:
    """An image whose first row is the lowest, grey where nobody knows."""
    axes.set_facecolor(GAP_COLOUR)
    drawn = axes.imshow(
        np.ma.masked_invalid(image),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=SCORE_COLOURS,
        extent=extent,
        vmin=0,
        vmax=100,
    )
    axes.set_title(name, loc="left", fontsize=10, parse_math=False)
    axes.figure.colorbar(drawn, ax=axes, pad=0.01, label="% of the time")
