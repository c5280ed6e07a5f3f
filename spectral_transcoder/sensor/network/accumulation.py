"""Blocks to sums of hours, and sums of hours to means of whatever they have in common.

Sums are arrays (n, 3 + 2·n_groups): seconds with scores, seconds with a level, energy times seconds, then for each
group the seconds of which its presence is known, and for each group those in which it was present.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HOUR_S", "SECONDS_WITH_LEVEL", "HourSums", "Means", "add_up", "block_sums", "calendar_of", "means"]

HOUR_S = 3600
HOURS_A_DAY, DAYS_A_WEEK = 24, 7
FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""

N_OF_ALL, SECONDS_WITH_LEVEL = 3, 1
"""Sums before those of groups, and the place of one of them."""


class Means(NamedTuple):
    """What sums tell."""

    seconds: NDArray[np.float64]
    """(n,) with scores."""

    levels: NDArray[np.float64]
    """(n,) LAeq, dB as in the tables; NaN where nobody knows."""

    percent: NDArray[np.float64]
    """(n, n_groups) share of the seconds in which each group was present; NaN where nobody knows."""


class Calendar(NamedTuple):
    """Where hours are in the day, the week and the year, each (n,)."""

    hour: NDArray[np.int64]
    """0 to 23"""

    weekday: NDArray[np.int64]
    """0, Monday, to 6"""

    day: NDArray[np.int64]
    """Days since 1970."""

    month: NDArray[np.int64]
    """Months since 1970."""


class HourSums:
    """Sums of the hours in which blocks begin: what is in memory grows with the hours, not with the blocks.

    Parameters
    ----------
    n_groups
    """

    def __init__(self, n_groups: int) -> None:
        self.hours = np.empty(0, np.int64)
        """Sorted, hours since 1970."""

        self.sums = np.empty((0, N_OF_ALL + 2 * n_groups))

    def add(self, hours: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
        """Take in sums, (n, n_sums), of hours, (n,), in any order."""
        self.hours, self.sums = add_up(np.concatenate([self.hours, hours]), np.concatenate([self.sums, sums]))

    def add_blocks(
        self,
        times: NDArray[np.float64],
        seconds: NDArray[np.float64],
        levels: NDArray[np.float64],
        known: NDArray[np.bool_],
        present: NDArray[np.float64],
    ) -> None:
        """Take in blocks.

        Parameters
        ----------
        times : (n,)
            of their beginnings, seconds since 1970.
        seconds, levels, known, present
            as `block_sums` takes them.
        """
        hours = np.floor(times[known] / HOUR_S).astype(np.int64)
        self.add(*add_up(hours, block_sums(seconds[known], levels[known], present[known])))


def block_sums(
    seconds: NDArray[np.float64], levels: NDArray[np.float64], present: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sums of single blocks, (n, n_sums).

    Parameters
    ----------
    seconds : (n,)
        that each block has.
    levels : (n,)
        dB; NaN where nobody knows.
    present : (n, n_groups)
        1, 0, or NaN where nobody knows.
    """
    has_level, is_told = ~np.isnan(levels), ~np.isnan(present)
    energy = np.where(has_level, 10 ** (levels / 10), 0)
    of_all = np.stack([seconds, seconds * has_level, seconds * energy], axis=1)
    weights = seconds[:, None]
    return np.concatenate([of_all, weights * is_told, weights * np.where(is_told, present, 0)], axis=1)


def add_up(keys: NDArray[np.int64], sums: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each key once, sorted, with the sum of its rows: (n,), (n, n_sums) → (m,), (m, n_sums)."""
    there, of_which = np.unique(keys, return_inverse=True)
    total = np.zeros((len(there), sums.shape[1]))
    np.add.at(total, of_which, sums)
    return there, total


def means(sums: NDArray[np.float64]) -> Means:
    """What sums, (n, n_sums), tell."""
    n_groups = (sums.shape[1] - N_OF_ALL) // 2
    told, present = sums[:, N_OF_ALL : N_OF_ALL + n_groups], sums[:, N_OF_ALL + n_groups :]
    with np.errstate(divide="ignore", invalid="ignore"):
        return Means(sums[:, 0], 10 * np.log10(sums[:, 2] / sums[:, 1]), 100 * present / told)


def calendar_of(hours: NDArray[np.int64]) -> Calendar:
    """Where hours since 1970 are in the day, the week and the year."""
    days = hours // HOURS_A_DAY
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return Calendar(hours % HOURS_A_DAY, (days + FIRST_WEEKDAY) % DAYS_A_WEEK, days, months)
