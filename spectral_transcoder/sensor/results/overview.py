"""What of a source of any length stays in memory, for its picture and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.hearing.scored import Scored
    from spectral_transcoder.sensor.results.summary import Summary

__all__ = ["Overview", "Timeline"]


class Timeline:
    """Means of values over time, for a picture: as many columns as there are cells, and fewer when there are too many.

    How long the time will be need not be known: when the columns do not suffice, neighbours are joined.

    Parameters
    ----------
    cell_seconds
        time that a value stands for.
    max_columns
        even.
    """

    def __init__(self, cell_seconds: float, *, max_columns: int = 1600) -> None:
        self.cell_seconds = cell_seconds
        self.max_columns = max_columns
        self.cells_per_column = 1
        self.n_cells = 0
        self.counts = np.zeros(max_columns)
        self.sums: NDArray[np.float64] | None = None

    def add(self, first: int, values: NDArray[np.floating]) -> None:
        """Add the values of successive cells.

        Parameters
        ----------
        first
            index of the first cell.
        values : (n, n_values)
            a row with a NaN counts for nothing.
        """
        if self.sums is None:
            self.sums = np.zeros((self.max_columns, values.shape[1]))
        self.n_cells = max(self.n_cells, first + len(values))
        while self.n_cells > self.max_columns * self.cells_per_column:
            self._join_neighbours()
        known = ~np.isnan(values).any(axis=1)
        columns = ((first + np.arange(len(values))) // self.cells_per_column)[known]
        starts = np.flatnonzero(np.diff(columns, prepend=-1))
        if len(starts):
            self.sums[columns[starts]] += np.add.reduceat(values[known], starts, axis=0)
            self.counts[columns[starts]] += np.diff(starts, append=len(columns))

    def _join_neighbours(self) -> None:
        half = self.max_columns // 2
        self.cells_per_column *= 2
        self.sums[:half] = self.sums.reshape(half, 2, -1).sum(axis=1)
        self.counts[:half] = self.counts.reshape(half, 2).sum(axis=1)
        self.sums[half:] = 0
        self.counts[half:] = 0

    @property
    def column_seconds(self) -> float:
        """Time that a column stands for."""
        return self.cells_per_column * self.cell_seconds

    @property
    def image(self) -> NDArray[np.float64]:
        """Means, (n_columns, n_values); NaN where nothing came in."""
        n_columns = -(-self.n_cells // self.cells_per_column)
        with np.errstate(invalid="ignore"):
            return self.sums[:n_columns] / self.counts[:n_columns, None]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean over all cells that came in, (n_values,); NaN where none did."""
        with np.errstate(invalid="ignore"):
            return self.sums.sum(axis=0) / self.counts.sum()


class Overview:
    """Levels, scores and presence over time.

    Parameters
    ----------
    hop_seconds
        of the levels.
    block_seconds
        of the scores.
    summary
        which groups there are, and when they are present.

    Attributes
    ----------
    start : float
        time of the first block, s.
    n_blocks, n_scored : int
        rows of the tables, and those among them with scores.
    """

    def __init__(self, hop_seconds: float, block_seconds: float, summary: Summary) -> None:
        self.block_seconds = block_seconds
        self.summary = summary
        self.start = 0.0
        self.n_blocks = 0
        self.n_scored = 0
        self.energy = Timeline(hop_seconds)
        self.scores = Timeline(block_seconds)
        self.presence = Timeline(block_seconds)

    def add(self, scored: Scored) -> None:
        """Take in successive blocks."""
        if not len(scored.times):
            return
        if not self.n_blocks:
            self.start = float(scored.times[0])
        # Whatever clocks do, columns go from left to right.
        places = np.maximum.accumulate(np.rint((scored.times - self.start) / self.block_seconds)).astype(int)
        presence = self.summary.present(self.summary.group_scores(scored.scores))
        for first, stop in _runs(places):
            bands = scored.bands[first:stop]
            self.scores.add(places[first], scored.scores[first:stop])
            self.presence.add(places[first], presence[first:stop])
            self.energy.add(places[first] * bands.shape[1], 10 ** (bands.reshape(-1, bands.shape[2]) / 10))
        self.n_blocks += len(places)
        self.n_scored += int((~np.isnan(scored.scores[:, 0])).sum())

    @property
    def levels(self) -> NDArray[np.float64]:
        """Mean levels of columns of `energy.column_seconds`, (n_columns, 29), dB; NaN in gaps."""
        with np.errstate(divide="ignore"):
            return 10 * np.log10(self.energy.image)


def _runs(places: NDArray[np.integer]) -> Iterator[tuple[int, int]]:
    """Bounds of the parts in which each place is the one behind the place before."""
    starts = np.flatnonzero(np.diff(places, prepend=places[0] - 2) != 1)
    return zip(starts, [*starts[1:], len(places)], strict=True)
