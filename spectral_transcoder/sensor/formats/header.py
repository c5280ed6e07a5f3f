"""The header of a table: where it is among the first lines, however many storeys it has, and what it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import TYPE_CHECKING

from spectral_transcoder.sensor.bands.names import are_third_octaves, band_index, find_bands, is_nominal
from spectral_transcoder.sensor.bands.quantity import quantity_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LEAST_BANDS", "Header", "band_score", "column_of_frequencies", "find_header", "is_number"]

LEAST_BANDS = 3
"""In a row: three levels that happen to be the frequencies of successive bands are not to be expected."""

LEAST_STANDING = 10
"""In a column."""

STEPS = (-3, -1, 0, 1, 3)
"""From one band to the next in a header, thirds of an octave: 0 where Leq, Lmax and Lmin of a band stand together."""

LARGEST_HEADER = 3
"""Rows below the one with frequencies that belong to the header, and rows above it."""

LINES_BEHIND = 10
"""Lines below the first that names bands, among which there may be a better one."""

UNIT = re.compile(r"[\[(]?(?:dB|Hz)[\])]?", re.IGNORECASE)

VALUE = re.compile(r"[+-]?\d+(?:[.,]\d+)? *dB", re.IGNORECASE)
"""A level, and no name of one."""


@dataclass(frozen=True)
class Header:
    """A header in a grid of cells."""

    first: int
    """Row of its first storey."""

    end: int
    """Row behind its last one."""

    names: tuple[str, ...]
    """Of the columns."""

    notes: tuple[str, ...]
    """What its cells say beside names, such as the order of dates."""


def find_header(rows: Sequence[Sequence[str]]) -> Header | None:
    """Find the header among the first rows of a table; None where no row names bands.

    Parameters
    ----------
    rows
        cells as texts, without blanks around them.
    """
    main = _main_row(rows)
    if main is None:
        return None
    first = main
    while main - first < LARGEST_HEADER and first > 0 and _is_above(rows[first - 1], rows[main]):
        first -= 1
    end = main + 1
    while end - main <= LARGEST_HEADER and end < len(rows) and _is_below(rows[end], rows[main]):
        end += 1
    names = _join(rows[first:end], main - first)
    return Header(first, end, names, tuple(cell for row in rows[main:end] for cell in row if cell))


def _main_row(rows: Sequence[Sequence[str]]) -> int | None:
    """The first row that names bands, unless one closely below names more than twice as many."""
    first = next((index for index, row in enumerate(rows) if band_score(row) >= LEAST_BANDS), None)
    if first is None:
        return None
    scores = [band_score(row) for row in rows[first : first + LINES_BEHIND]]
    return first + next(index for index, score in enumerate(scores) if score >= max(LEAST_BANDS, max(scores) / 2))


def band_score(row: Sequence[str]) -> int:
    """How many bands a row names that follow each other: third octaves or octaves, up or down."""
    by_words: dict[str, list[float]] = {}
    for band in find_bands(row):
        by_words.setdefault(band.words, []).append(band.frequency)
    return max(map(_successive, filter(are_third_octaves, by_words.values())), default=0)


def _successive(frequencies: Sequence[float]) -> int:
    frequencies = list(filter(is_nominal, frequencies))
    chained = sum(round(10 * log10(later / sooner)) in STEPS for sooner, later in pairwise(frequencies))
    return min(len(set(map(band_index, frequencies))), chained + 1)


def column_of_frequencies(rows: Sequence[Sequence[str]]) -> int | None:
    """Position of the column whose cells are frequencies, in a table with a row for each band; None: there is none."""
    width = max(map(len, rows), default=0)
    columns = ([row[column] for row in rows if column < len(row)] for column in range(width))
    return next((column for column, cells in enumerate(columns) if band_score(cells) >= LEAST_STANDING), None)


def is_number(text: str) -> bool:
    """Whether a cell is a number, with a decimal point or comma."""
    return re.fullmatch(r"[+-]?\d+(?:[.,]\d*)?(?:e[+-]?\d+)?", text.strip(), re.IGNORECASE) is not None


def _band_columns(row: Sequence[str]) -> list[int]:
    return [band.column for band in find_bands(row) if is_nominal(band.frequency)]


def _is_above(row: Sequence[str], main: Sequence[str]) -> bool:
    """Whether a row is an upper storey: words above the first of the bands, and no number among them."""
    columns = _band_columns(main)
    cells = [row[column] if column < len(row) else "" for column in range(columns[0], len(main))]
    has_values = any(is_number(cell) or VALUE.match(cell) for cell in cells)
    return bool(cells) and bool(cells[0]) and not has_values and not _is_label(row)


def _is_label(row: Sequence[str]) -> bool:
    """Whether a row is a label and its value, such as "Time Zone;Europe/Berlin", and says nothing of levels."""
    cells = list(filter(None, row))
    if len(cells) != 2 or cells != list(row[:2]):
        return False
    return not quantity_of(cells[1].lower()).is_told


def _is_below(row: Sequence[str], main: Sequence[str]) -> bool:
    """Whether a row is a lower storey: words or nothing where levels would be, and no time beside them."""
    columns = range(_band_columns(main)[0], len(main))
    cells = [row[column] for column in columns if column < len(row)]
    has_words = sum(bool(re.search(r"[^\W\d_]", cell)) for cell in cells) > len(cells) / 2
    others = [cell for index, cell in enumerate(row) if index not in columns]
    return has_words and not any(re.search(r"\d", cell) for cell in [*cells, *others])


def _join(storeys: Sequence[Sequence[str]], main: int) -> tuple[str, ...]:
    """Names of columns: of bands the words of all storeys before the frequency, of others their own cell."""
    width = len(storeys[main])
    grid = [[*storey[:width], *[""] * (width - len(storey))] for storey in storeys]
    first_band = _band_columns(grid[main])[0]
    for column in range(first_band + 1, width):
        _go_on(grid, main, column)
    names = []
    for column, cells in enumerate(zip(*grid, strict=True)):
        if column < first_band or not cells[main]:
            names.append(cells[main] or next(filter(None, reversed(cells)), ""))
            continue
        words = [cell for index, cell in enumerate(cells) if index != main and cell and not UNIT.fullmatch(cell)]
        names.append(" ".join([*words, cells[main]]))
    return tuple(names)


def _go_on(grid: list[list[str]], main: int, column: int) -> None:
    """Let the cells left of a column count for it where it has none, as merged cells do."""
    below = [row[column] for row in grid[main + 1 :]]
    if not grid[main][column] and any(cell and not UNIT.fullmatch(cell) for cell in below):
        grid[main][column] = grid[main][column - 1]
    for row in grid[:main]:
        if grid[main][column] and not row[column]:
            row[column] = row[column - 1]
