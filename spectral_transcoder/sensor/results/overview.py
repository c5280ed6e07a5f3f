"""What of a source of any length stays in memory, for its picture and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


class _Mean:
    """Mean of rows that come some after the others; a row with a NaN counts for nothing."""

    def __init__(self) -> None:
        self.sums: NDArray[np.float64] | float = 0.0
        self.count = 0

    def add(self, values: NDArray[np.floating]) -> None:
        """Take in rows, (n, n_values)."""
        known = values[~np.isnan(values).any(axis=1)]
        self.sums = self.sums + known.sum(axis=0, dtype=np.float64)
        self.count += len(known)

    @property
    def mean(self) -> NDArray[np.float64]:
        """(n_values,); NaN where no row was known."""
        with np.errstate(invalid="ignore"):
            return np.divide(self.sums, self.count)


class Overview:
    """Levels, scores and presence over time.

    Of series that lie at the same time, such as those of several sensors, the time of the first is shown; means are of
    all.

    Parameters
    ----------
    hop_seconds
        of the levels.
    block_seconds
        of the scores.
    summary
        which groups there are, and when they are present.
    part_of
        which part of the source a series is of, if its blocks may come after those of another series of the part began;
        None: they may not.

    Attributes
    ----------
    start : float
        time of the first block, s.
    shown, left_out : list of int
        series whose time is shown, and others that lie at the same time as these, or before it.
    n_blocks, n_scored : int
        rows of the tables, and those among them with scores.
    """

    def __init__(
        self,
        hop_seconds: float,
        block_seconds: float,
        summary: Summary,
        *,
        part_of: Callable[[int], int] | None = None,
    ) -> None:
        self.block_seconds = block_seconds
        self.summary = summary
        self.part_of = part_of
        self.shown: list[int] = []
        self.left_out: list[int] = []
        self.start = 0.0
        self.latest = -np.inf
        self.n_blocks = 0
        self.n_scored = 0
        self.energy = Timeline(hop_seconds)
        self.scores = Timeline(block_seconds)
        self.presence = Timeline(block_seconds)
        self._scores, self._presence = _Mean(), _Mean()

    def add(self, scored: Scored) -> None:
        """Take in successive blocks."""
        presence = self.summary.present(self.summary.group_scores(scored.scores))
        for series in dict.fromkeys(scored.chunks.tolist()):
            its = np.flatnonzero(scored.chunks == series)
            if self._is_shown(series, float(scored.times[its[0]])):
                self._show(scored, presence, its)
        self.n_blocks += len(scored.times)
        self.n_scored += int((~np.isnan(scored.scores[:, 0])).sum())
        self._scores.add(scored.scores)
        self._presence.add(presence)

    def _is_shown(self, series: int, start: float) -> bool:
        """Whether a series lies at a time of its own; `start` is that of a block, its first when it is new."""
        if series not in self.shown and series not in self.left_out:
            is_alone = not self.part_of or self.part_of(series) not in {self.part_of(each) for each in self.shown}
            is_apart = is_alone and start > self.latest
            (self.shown if not self.shown or is_apart else self.left_out).append(series)
        return series in self.shown

    def _show(self, scored: Scored, presence: NDArray[np.floating], its: NDArray[np.integer]) -> None:
        """Put blocks of one series, of these numbers, where they are in time."""
        times = scored.times[its]
        if np.isinf(self.latest):
            self.start = float(times[0])
        # Whatever clocks do, columns go from left to right.
        times = np.maximum.accumulate(np.maximum(times, self.latest))
        self.latest = float(times[-1])
        places = np.rint((times - self.start) / self.block_seconds).astype(int)
        for first, stop in _runs(places):
            some = its[first:stop]
            bands = scored.bands[some]
            self.scores.add(places[first], scored.scores[some])
            self.presence.add(places[first], presence[some])
            self.energy.add(places[first] * bands.shape[1], 10 ** (bands.reshape(-1, bands.shape[2]) / 10))

    @property
    def mean_scores(self) -> NDArray[np.float64]:
        """Of all blocks that have some, (n_labels,)."""
        return self._scores.mean

    @property
    def mean_presence(self) -> NDArray[np.float64]:
        """Share of all blocks with scores in which each group is present, (n_groups,)."""
        return self._presence.mean

    @property
    def levels(self) -> NDArray[np.float64]:
        """Mean levels of columns of `energy.column_seconds`, (n_columns, 29), dB; NaN in gaps."""
        with np.errstate(divide="ignore"):
            return 10 * np.log10(self.energy.image)


def _runs(places: NDArray[np.integer]) -> Iterator[tuple[int, int]]:
    """Bounds of the parts in which each place is the one behind the place before."""
    starts = np.flatnonzero(np.diff(places, prepend=places[0] - 2) != 1)
    return zip(starts, [*starts[1:], len(places)], strict=True)
