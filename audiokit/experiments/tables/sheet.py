"""What the cells of a table show, whatever format it is drawn in."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MISSING", "Cell", "Section", "Sheet", "header_lines"]

MISSING = "–"


@dataclass(frozen=True)
class Cell:
    """What a cell shows."""

    text: str
    number: bool = False
    best: bool = False
    close: bool = False
    """Whether it is not significantly different from the best."""

    p_value: float | None = None

    @property
    def printed(self) -> str:
        """The text with a minus where a number has a hyphen."""
        return self.text.replace("-", "−") if self.number else self.text


@dataclass(frozen=True)
class Section:
    """Rows between two rules."""

    heading: str
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Sheet:
    """A table ready to be drawn."""

    caption: str
    header: list[str]
    sections: list[Section]
    notes: list[str]

    @property
    def rows(self) -> list[list[Cell]]:
        """Rows of all sections."""
        return [row for section in self.sections for row in section.rows]

    @property
    def columns(self) -> list[tuple[Cell, ...]]:
        """Columns of all sections, without their titles."""
        return list(zip(*self.rows, strict=True))

    @property
    def numeric(self) -> list[bool]:
        """Whether a column holds numbers, to be set flush right."""
        return [all(cell.number or cell.text == MISSING for cell in column) for column in self.columns]


def header_lines(
    titles: Sequence[str], rooms: Sequence[float], measure: Callable[[str], float]
) -> list[tuple[str, ...]]:
    """Lines of a header: titles wider than their column take two, and all end on the last.

    Parameters
    ----------
    titles
    rooms
        width of each column without its title.
    measure
        gives the width of a text.
    """
    parts = [_title_lines(title, room, measure)[::-1] for title, room in zip(titles, rooms, strict=True)]
    return list(itertools.zip_longest(*parts, fillvalue=""))[::-1]


def _title_lines(title: str, room: float, measure: Callable[[str], float]) -> list[str]:
    """One line where the title fits, else the two that are narrowest; breaks are where a space is."""
    words = title.split(" ")
    if measure(title) <= room or len(words) == 1:
        return [title]
    breaks = ([" ".join(words[:index]), " ".join(words[index:])] for index in range(1, len(words)))
    return min(breaks, key=lambda lines: max(map(measure, lines)))
