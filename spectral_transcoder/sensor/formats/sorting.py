"""Lines of a text that is not plain, sorted into rows, texts, and rows that cannot be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from spectral_transcoder.sensor.formats.cells import cells_of
from spectral_transcoder.sensor.levels.sources import Unreadable

if TYPE_CHECKING:
    from collections.abc import Collection

    from spectral_transcoder.sensor.formats.cells import Lines

__all__ = ["Sorted", "Sorter", "mismatch"]

COMMENTS = (b"#", b"//")
SUMMARY = re.compile(rb"whole|overall|total|summary|average|gesamt|r\xc3\xa9sum", re.IGNORECASE)
"""In a comment, behind which there are no more frames but what they come to."""


@dataclass
class Sorted:
    """The lines of a block."""

    rows: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Of the lines of the rows, counted from 1."""

    unreadable: list[Unreadable] = field(default_factory=list)
    n_text: int = 0


class Sorter:
    """Sorts the lines of a text, block after block.

    Parameters
    ----------
    name
        of the file.
    width
        cells of a row.
    separator
        between them.
    headers
        lines of the header, as they are when they come again.
    """

    def __init__(self, name: str, width: int, separator: str, headers: Collection[bytes]) -> None:
        self.name = name
        self.width = width
        self.separator = separator
        self.headers = headers
        self.is_behind_comment = False
        """Whether a line that is no row belongs to a comment, and is no row that is broken."""

        self.has_ended = False

    @property
    def is_within(self) -> bool:
        """Whether the next line should be a row."""
        return not (self.is_behind_comment or self.has_ended)

    def sort(self, lines: Lines, skipped: int, first_line: int) -> Sorted:
        """Sort the lines of a block.

        Parameters
        ----------
        lines, skipped
            and how many of them are not looked at.
        first_line
            number of the first one that is.

        Raises
        ------
        UserError
            where a row has more cells than the header.
        """
        found = Sorted()
        for number, (text, width) in enumerate(
            zip(lines.texts[skipped:], lines.n_cells[skipped:].tolist(), strict=True), first_line
        ):
            self._add(found, text, width, number)
        return found

    def _add(self, found: Sorted, text: bytes, width: int, number: int) -> None:
        bare = text.strip()
        if not bare.strip(b" \t;,|"):
            return
        if b"\0" in text:
            found.unreadable.append(Unreadable(f"line {number}", "it has NUL bytes"))
        elif bare in self.headers or bare.startswith(COMMENTS) or self.has_ended:
            found.n_text += 1
            self.is_behind_comment |= bare.startswith(COMMENTS)
            self.has_ended |= bare.startswith(COMMENTS) and SUMMARY.search(bare) is not None
        elif (row := self._as_row(text, width)) is not None:
            found.rows.append(row)
            found.numbers.append(number)
            self.is_behind_comment = False
        elif self.is_behind_comment or not re.search(rb"\d", text):
            found.n_text += 1
        elif width < self.width:
            reason = f"it is cut off: {mismatch(width, self.width, self.separator)}"
            found.unreadable.append(Unreadable(f"line {number}", reason))
        else:
            raise UserError(f"{self.name}, line {number}: {mismatch(width, self.width, self.separator)}")

    def _as_row(self, text: bytes, width: int) -> bytes | None:
        """A line as a row, without what is too much where that is empty; None where it has other cells."""
        if width == self.width:
            return text
        if width < self.width or any(cells_of(text.decode(errors="replace"), self.separator)[self.width :]):
            return None
        ends = text.rstrip(b"\r\n ")
        return ends[: len(ends) - (width - self.width)]


def mismatch(width: int, expected: int, separator: str) -> str:
    """What to say of a row with too many or too few cells."""
    comma = "; decimal commas need quotes or another separator" if separator == "," and width > expected else ""
    return f"the row has {width} cells, and the header {expected}{comma}"
