"""Hours and days of a sensor: for how much of the time each source was present, and how loud it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.presence.indicators import (
    DAY_PARTS,
    Indicators,
    MeanLevel,
    day_evening_night,
)
from spectral_transcoder.sensor.times.clock import Clock
from spectral_transcoder.sensor.times.zones import on_clock

if TYPE_CHECKING:
    from datetime import tzinfo

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.hearing.scored import Scored
    from spectral_transcoder.sensor.results.summary import Summary

__all__ = ["Periods"]

HOUR_S, DAY_S = 3600, 86_400
PERIODS = {"hour": HOUR_S, "day": DAY_S}
HOURS_A_DAY = 24


@dataclass
class _Period:
    """What is gathered of an hour or a day."""

    start: float
    """s, on the clock of the tables."""

    n_groups: int
    indicators: Indicators = field(default_factory=Indicators)
    seconds: float = 0.0
    """Whole seconds with scores."""

    def __post_init__(self) -> None:
        self.present = np.zeros(self.n_groups)
        self.probable = np.zeros(self.n_groups)
        self.parts = [MeanLevel() for _ in DAY_PARTS]


class Periods:
    """Gathers blocks to hours and days, by the clock of the sensor's place where its zone is known.

    A block counts for the hour and the day in which it begins. What is in memory does not grow with the length of a
    source, but for a row each hour and day.

    Parameters
    ----------
    summary
        which groups there are, and when they are present.
    clock, zone
        of the times of blocks.
    hop_seconds
        of the levels.
    """

    def __init__(self, summary: Summary, *, clock: Clock, zone: tzinfo | None, hop_seconds: float) -> None:
        self.summary = summary
        self.clock = clock
        self.zone = zone if clock is Clock.UTC else None
        self.hop_seconds = hop_seconds
        self.open: dict[tuple[int, str], _Period] = {}
        self.rows: list[dict[str, object]] = []

    def add(self, scored: Scored) -> None:
        """Take in successive blocks."""
        if not len(scored.times):
            return
        local = self._local(scored.times)
        levels = scored.a_weighted
        scores = self.summary.group_scores(scored.scores)
        present, probable = self.summary.present(scores), self.summary.probabilities(scores)
        known = ~np.isnan(scored.scores[:, 0])
        hours = (local % DAY_S) // HOUR_S
        for name, length in PERIODS.items():
            starts = self._from_local(np.floor(local / length) * length, scored.times)
            changes = (np.diff(starts) != 0) | (np.diff(scored.chunks) != 0)
            for run in np.split(np.arange(len(starts)), np.flatnonzero(changes) + 1):
                first = run[0]
                period = self._period(int(scored.chunks[first]), name, starts[first])
                period.indicators.add(levels[run].ravel())
                scores_there = run[known[run]]
                seconds = scored.seconds[scores_there]
                period.seconds += seconds.sum()
                period.present += seconds @ present[scores_there]
                period.probable += seconds @ probable[scores_there]
                if name == "day":
                    _add_parts(period, levels[run], hours[run])

    def columns(self) -> dict[str, NDArray]:
        """The table of all that came in, by column; `chunk` is the number of the series.

        Shares are in per cent of the seconds that have scores. Lden is that of whole days: at least half of day,
        evening and night each must be there.
        """
        rows = [*self.rows, *(self._row(*key, period) for key, period in self.open.items())]
        rows.sort(key=lambda row: (row["chunk"], row["period"] != "hour", row["time"]))
        types = {"period": object}
        return {name: np.array([row[name] for row in rows], types.get(name)) for name in rows[0]} if rows else {}

    def _local(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times on the clock of the place."""
        return times if self.zone is None else on_clock(times, self.zone)

    def _from_local(self, local: NDArray[np.float64], near: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times of a day on the clock of the place as those of tables; of two that read the same, the nearer one."""
        if self.zone is None:
            return local
        guess = local - (on_clock(near, self.zone) - near)
        return local - (on_clock(guess, self.zone) - guess)

    def _period(self, series: int, name: str, start: float) -> _Period:
        """The period that is open, or a new one; the one before is then done."""
        there = self.open.get((series, name))
        if there is None or there.start != start:
            if there is not None:
                self.rows.append(self._row(series, name, there))
            self.open[series, name] = there = _Period(start, len(self.summary.heard))
        return there

    def _row(self, series: int, name: str, period: _Period) -> dict[str, object]:
        row: dict[str, object] = {"time": period.start, "period": name, "chunk": series}
        row |= {"seconds": int(period.seconds), **period.indicators.values()}
        row["Lden"] = self._lden(period) if name == "day" else np.nan
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = dict(zip(self.summary.heard, 100 * period.present / period.seconds, strict=True))
            probable = dict(zip(self.summary.heard, 100 * period.probable / period.seconds, strict=True))
        row |= {f"{group}_percent": round(shares.get(group, np.nan), 2) for group in self.summary.groups}
        if self.summary.with_probabilities:
            row |= {f"{group}_expected": round(probable.get(group, np.nan), 2) for group in self.summary.groups}
        return row

    def _lden(self, period: _Period) -> float:
        if self.clock is Clock.BEGINNING:
            return np.nan
        frames = [(last - first) * HOUR_S / self.hop_seconds for first, last, _ in DAY_PARTS]
        coverage = [part.n_frames / there for part, there in zip(period.parts, frames, strict=True)]
        return round(day_evening_night([part.level for part in period.parts], coverage), 2)


def _add_parts(period: _Period, levels: NDArray[np.floating], hours: NDArray[np.floating]) -> None:
    """Divide the frames of a day, (n, n_frames) dB, into day, evening and night by the hours of their blocks, (n,)."""
    for part, (first, last, _) in zip(period.parts, DAY_PARTS, strict=True):
        part.add(levels[((hours - first) % HOURS_A_DAY) < last - first].ravel())
