"""Which columns of a table are the third octaves to use, where there may be several sets, octaves or weighted ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from spectral_transcoder.sensor.bands.names import NamedBand, are_third_octaves, band_index, find_bands, is_nominal
from spectral_transcoder.sensor.bands.quantity import (
    Quantity,
    line_on_weighting,
    may_be_weighted,
    quantity_of,
    weighting_by_letter,
    weighting_in_preamble,
)
from spectral_transcoder.third_octave import N_BANDS, NOMINAL_FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["LONGEST_HOLE", "Bands", "NoBandsError", "choose_bands", "nominal", "shown"]

STATISTIC_RANKS = {"mean": 0, "level": 1}
WEIGHTING_RANKS = {"Z": 0, None: 1, "C": 2, "A": 3}
LONGEST_HOLE = 2
"""Bands in a row that may be missing between others, to be interpolated."""

LEAST_BANDS = 10
"""Of 29, that others can be continued from: three octaves and a third."""

LEAST_SHARE = 0.5
"""Of the largest set, below which others are no sets of bands: L10, L50 and L90 are not."""

SHOWN_NAMES = 8


class NoBandsError(UserError):
    """A table without bands: maybe something else than levels."""


@dataclass(frozen=True)
class Bands:
    """The third octaves of a table that are used."""

    columns: tuple[int | None, ...]
    """Position of the column of each of the 29 bands; None: there is none."""

    weighting: str = "Z"
    """A, C or Z: how the levels are weighted."""

    is_weighting_told: bool = True
    """Whether the file says so, or somebody; else they are taken for unweighted."""

    title: str = "levels"
    """What they are called in the file, for people."""

    notes: tuple[str, ...] = ()
    """A line each for what the user should know."""

    without_levels: tuple[int, ...] = ()
    """Positions of its columns that are left out, for they have no levels."""


@dataclass(frozen=True)
class _Set:
    """Bands whose names differ by nothing but their frequencies."""

    words: str
    bands: list[NamedBand]
    quantity: Quantity

    @property
    def title(self) -> str:
        """The words, for people."""
        return self.bands[0].label or "levels"

    @property
    def rank(self) -> tuple[int, int, int]:
        """The lower, the better."""
        quantity = self.quantity
        return (
            WEIGHTING_RANKS[quantity.weighting],
            STATISTIC_RANKS.get(quantity.statistic, len(STATISTIC_RANKS)),
            -len(self.bands),
        )


def choose_bands(
    names: Sequence[str],
    *,
    weighting: str | None = None,
    unused: Collection[int] = (),
    preamble: tuple[str, ...] = (),
) -> Bands:
    """Find the third octaves among the columns of a table.

    Of several sets, the Z-weighted mean levels (Leq) are taken, then those of which nothing is said, then C- and
    A-weighted ones, whose weighting is to be undone.

    Parameters
    ----------
    names
        of the columns; bands are named by their nominal frequency (IEC 61260-1:2014, annex E), with words around it
        that are the same for all: LZeq_31.5Hz.
    weighting
        A, C or Z, where names do not tell it.
    unused
        positions of columns in which nothing was measured.
    preamble
        lines above the table.

    Raises
    ------
    NoBandsError
        where no column is named by a band.
    UserError
        where the bands are octaves, maxima or percentiles, too many are missing between others, or two sets are as
        good as each other.
    """
    chosen, others = _best_set(names, weighting)
    columns, beyond = _columns_of(chosen, names)
    silent = [index for index, column in enumerate(columns) if column in unused and column is not None]
    without_levels = tuple(columns[index] for index in silent)
    columns = [None if column in unused else column for column in columns]
    _check_holes(columns)
    levels = {band.column for band in chosen.bands}
    is_alone = not any(quantity_of(name.lower()).is_told for index, name in enumerate(names) if index not in levels)
    # Names of columns say what their own levels are.
    preamble = tuple(line for line in preamble if line.strip() not in {name.strip() for name in names})
    is_asked = weighting is None and chosen.quantity.weighting is None
    above = weighting_in_preamble(preamble, is_alone=is_alone) if is_asked else None
    found, is_told, notes = _weighting(chosen, weighting, above)
    if not is_told and not others and may_be_weighted(chosen.title):
        raise UserError(
            f"the bands {names[chosen.bands[0].column].strip()!r} … may be weighted by their names: say which "
            "weighting they have by --weighting (Z for none)"
        )
    if not is_told and (line := line_on_weighting(preamble)):
        notes.append(f"{line!r} may be said of the bands, which are taken for unweighted: --weighting if it is")
    if others:
        notes.append(f"of several sets of bands ({', '.join(sorted(others))}), {chosen.title} is taken")
    if beyond:
        notes.append(f"columns beyond 20 Hz to 12.5 kHz are left out: {', '.join(beyond)}")
    if silent:
        notes.append(f"in the bands of {', '.join(map(nominal, silent))} Hz nothing was measured")
    return Bands(tuple(columns), found, is_told, chosen.title, (*notes, *_completed(columns)), without_levels)


def _columns_of(chosen: _Set, names: Sequence[str]) -> tuple[list[int | None], list[str]]:
    """Column of each of the 29 bands, and the names of columns beyond these."""
    columns: list[int | None] = [None] * N_BANDS
    beyond = []
    for band in chosen.bands:
        index = band_index(band.frequency)
        if not 0 <= index < N_BANDS:
            beyond.append(names[band.column].strip())
        elif columns[index] is not None:
            pair = f"{names[columns[index]]!r} and {names[band.column]!r}"
            raise UserError(f"the columns {pair} are both the band of {nominal(index)} Hz: leave one of them out")
        else:
            columns[index] = band.column
    return columns, beyond


def nominal(index: int) -> str:
    """Nominal frequency of a band, Hz, as text."""
    return f"{NOMINAL_FREQUENCIES[index]:g}"


def _best_set(names: Sequence[str], weighting: str | None) -> tuple[_Set, set[str]]:
    """The set to use, and the titles of all sets where there are several."""
    by_words: dict[str, list[NamedBand]] = defaultdict(list)
    for band in find_bands(names):
        by_words[band.words].append(band)
    by_words = {
        words: [band for band in bands if is_nominal(band.frequency)]
        for words, bands in by_words.items()
        if are_third_octaves([band.frequency for band in bands])
    }
    if not by_words:
        raise NoBandsError(
            f"no column is named by a third-octave band ({shown(names)}): name them 20, 25, 31.5 … 12500 (Hz)"
        )
    largest = max(map(len, by_words.values()))
    sets = [
        _Set(words, bands, _quantity(words, by_words))
        for words, bands in by_words.items()
        if len(bands) >= LEAST_SHARE * largest
    ]
    sets = _without_octaves(sets)
    usable = [group for group in sets if group.quantity.statistic in STATISTIC_RANKS]
    if not usable:
        raise UserError(
            f"the bands are {', '.join(group.title for group in sets)}: mean levels (Leq) are needed, and these are "
            f"{sets[0].quantity.statistic} levels"
        )
    asked = [group for group in usable if weighting and group.quantity.weighting in (weighting, None)]
    ranked = sorted(asked or usable, key=lambda group: group.rank)
    if len(ranked) > 1 and ranked[0].rank == ranked[1].rank:
        first, second = (group.bands[0].column for group in ranked[:2])
        raise UserError(
            f"the columns {names[first]!r} and {names[second]!r} are both the band of "
            f"{ranked[0].bands[0].frequency:g} Hz: leave one of them out"
        )
    return ranked[0], {group.title for group in sets} if len(sets) > 1 else set()


def _quantity(words: str, others: Collection[str]) -> Quantity:
    quantity = quantity_of(words)
    letter = weighting_by_letter(words, others)
    return replace(quantity, weighting=letter) if letter and quantity.weighting is None else quantity


def _without_octaves(sets: list[_Set]) -> list[_Set]:
    """The sets that are third octaves.

    Raises
    ------
    UserError
        where there are only octaves.
    """
    thirds = [group for group in sets if not _is_octaves(group)]
    if not thirds:
        frequencies = ", ".join(f"{frequency:g}" for frequency in _frequencies(sets[0]))
        raise UserError(
            f"the bands are octaves ({frequencies} Hz), and third octaves are needed: three levels cannot be had from "
            "one"
        )
    return thirds


def _frequencies(group: _Set) -> list[float]:
    return sorted({band.frequency for band in group.bands})


def _is_octaves(group: _Set) -> bool:
    steps = [round(10 * _log_ratio(low, high)) for low, high in pairwise(_frequencies(group))]
    return len(steps) >= 2 and all(step == 3 for step in steps)


def _log_ratio(low: float, high: float) -> float:
    from math import log10

    return log10(high / low)


def _check_holes(columns: Sequence[int | None]) -> None:
    there = [index for index, column in enumerate(columns) if column is not None]
    if not there:
        raise NoBandsError("no column is a third-octave band between 20 Hz and 12.5 kHz with levels in it")
    if len(there) < LEAST_BANDS:
        found = ", ".join(map(nominal, there))
        raise UserError(f"only the bands of {found} Hz have levels, and at least {LEAST_BANDS} of {N_BANDS} are needed")
    for low, high in pairwise(there):
        if high - low - 1 > LONGEST_HOLE:
            missing = ", ".join(map(nominal, range(low + 1, high)))
            raise UserError(
                f"bands are missing between others ({missing} Hz): up to {LONGEST_HOLE} in a row can be interpolated"
            )


def _weighting(chosen: _Set, asked: str | None, above: str | None) -> tuple[str, bool, list[str]]:
    """Weighting of a set, whether it is told, and what to say of it."""
    named = chosen.quantity.weighting or above
    if asked and named and asked != named:
        raise UserError(
            f"the bands {chosen.title!r} are {named}-weighted by their names: leave out --weighting {asked}"
        )
    found = asked or named or "Z"
    note = f"the bands ({chosen.title}) are {found}-weighted: the weighting of IEC 61672-1 is taken off"
    return found, bool(asked or named), [note] if found != "Z" else []


def _completed(columns: Sequence[int | None]) -> list[str]:
    """A line on bands that are made from their neighbours."""
    there = [index for index, column in enumerate(columns) if column is not None]
    missing = [index for index, column in enumerate(columns) if column is None]
    if not missing:
        return []
    ends = [nominal(index) for index in missing if not there[0] < index < there[-1]]
    holes = [nominal(index) for index in missing if there[0] < index < there[-1]]
    done = [f"{', '.join(ends)} Hz continued by the slope of their neighbours, and in no level"] if ends else []
    done += [f"{', '.join(holes)} Hz interpolated"] if holes else []
    return [f"{len(there)} of {N_BANDS} bands ({nominal(there[0])} to {nominal(there[-1])} Hz): {'; '.join(done)}"]


def shown(names: Sequence[str]) -> str:
    """Names of columns for people, some of them."""
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"the columns are {', '.join(map(str, names[:SHOWN_NAMES]))}{more}"
