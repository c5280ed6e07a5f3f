"""Columns that tables of blocks, of hours and of days begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.presence.indicators import block_indicators

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.hearing.scored import Scored
    from spectral_transcoder.sensor.levels.sources import LevelSource
    from spectral_transcoder.sensor.results.summary import Summary

__all__ = ["block_columns", "period_columns", "summary_columns"]


def block_columns(source: LevelSource, scored: Scored) -> dict[str, NDArray]:
    """What every table has of blocks before their scores, by column."""
    columns = {"time": scored.times, "seconds": scored.seconds, "level_db": scored.levels.round(2)}
    return columns | _series_columns(source, scored.chunks)


def summary_columns(source: LevelSource, scored: Scored, summary: Summary) -> dict[str, NDArray]:
    """The table of what was heard in each block, and how loud it was, by column."""
    return block_columns(source, scored) | block_indicators(scored.a_weighted) | summary.columns(scored.scores)


def _series_columns(source: LevelSource, numbers: NDArray[np.integer]) -> dict[str, NDArray]:
    """The column that tells which series a block is of: its name, or its number where it has none."""
    if not source.is_chunked:
        return {}
    if not source.series_names:
        return {"chunk": numbers}
    return {"sensor": np.array([source.series_names[number] for number in numbers], object)}


def period_columns(source: LevelSource, columns: dict[str, NDArray]) -> dict[str, NDArray]:
    """Columns with that of the series by its name, or without it where there is one series."""
    numbers = columns.pop("chunk")
    return {"time": columns.pop("time")} | _series_columns(source, numbers) | columns
