"""Tables of results as a paper prints them, drawn by matplotlib. Lengths are in points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.experiments.tables.sheet import Cell, Sheet, header_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

__all__ = ["draw", "write_picture"]

FONTS = ("STIXGeneral", "DejaVu Sans")
"""The first comes with matplotlib, as does the second, which has the characters that it lacks."""

DPI = 200
CLOSE_COLOUR = "#1f4fbf"
SIZE, SMALL_SIZE = 11.0, 9.5
LINE, TITLE_LINE, SMALL_LINE = 16.0, 13.5, 12.5
BASELINE = 0.72
"""Part of a line that is above the baseline of its text."""

MARGIN = 12.0
GAP = 18.0
"""Between columns."""

RULE_SPACE = 4.0
"""Above and below a rule."""

THICK, THIN = 1.1, 0.6
NARROWEST = 260.0
"""That captions and notes are broken to, where the table itself is narrower."""

MOST_ROWS = 1000
"""A larger picture is more than viewers open."""


@dataclass
class Sketch:
    """A figure that grows downwards; its axes are in points."""

    width: float
    figure: Figure = field(init=False)
    y: float = MARGIN
    """Where the next line goes."""

    def __post_init__(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.figure = Figure(dpi=DPI)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()

    def text(self, x: float, text: str, *, size: float = SIZE, **properties: object) -> None:
        """Put text on the current line."""
        y = self.y + BASELINE * LINE
        self.axes.text(x, y, text, family=FONTS, fontsize=size, parse_math=False, va="baseline", **properties)

    def paragraph(self, text: str, *, size: float, line: float) -> None:
        """Put a text on as many lines as it takes."""
        for part in _wrapped(text, self.width, size):
            self.text(MARGIN, part, size=size)
            self.y += line

    def rule(self, thickness: float, width: float) -> None:
        """Draw a rule."""
        self.y += RULE_SPACE
        self.axes.plot([MARGIN, MARGIN + width], [self.y, self.y], color="black", linewidth=thickness)
        self.y += RULE_SPACE

    def finished(self) -> Figure:
        """The figure, cut to size."""
        width, height = self.width + 2 * MARGIN, self.y + MARGIN
        self.figure.set_size_inches(width / 72, height / 72)
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        return self.figure


def write_picture(sheet: Sheet, path: Path) -> None:
    """Draw a table into a file, as PNG or PDF by its name; raises as `draw` does."""
    from matplotlib import rc_context

    with rc_context({"pdf.fonttype": 42}):  # publishers refuse the default, Type 3
        draw(sheet).savefig(path)


def draw(sheet: Sheet) -> Figure:
    """Draw a table.

    Raises
    ------
    UserError
        where it has too many rows for a picture.
    """
    if len(sheet.rows) > MOST_ROWS:
        raise UserError(
            f"{len(sheet.rows)} rows are too many for a picture ({MOST_ROWS} at most): export as .html or .csv, "
            "or select fewer settings with -s"
        )
    header, widths = _layout(sheet)
    table_width = max(sum(widths) + GAP * len(widths), *(GAP + _text_width(part.heading) for part in sheet.sections))
    longest = max(_text_width(text) for text in (sheet.caption, *sheet.notes))
    sketch = Sketch(max(table_width, min(longest, NARROWEST)))
    numeric = sheet.numeric
    sketch.paragraph(sheet.caption, size=SIZE, line=LINE)
    sketch.rule(THICK, table_width)
    for titles in header:
        _draw_row(sketch, [Cell(title) for title in titles], widths, numeric)
        sketch.y += TITLE_LINE
    for section in sheet.sections:
        sketch.rule(THIN, table_width)
        if section.heading:
            sketch.text(MARGIN + GAP / 2, section.heading, style="italic")
            sketch.y += LINE
        for row in section.rows:
            _draw_row(sketch, row, widths, numeric)
            sketch.y += LINE
    sketch.rule(THICK, table_width)
    for note in sheet.notes:
        sketch.paragraph(note, size=SMALL_SIZE, line=SMALL_LINE)
    return sketch.finished()


def _layout(sheet: Sheet) -> tuple[list[tuple[str, ...]], list[float]]:
    """Lines of the header, and widths of the columns."""
    rooms = [max(_text_width(cell.printed, bold=cell.best) for cell in column) for column in sheet.columns]
    header = header_lines(sheet.header, rooms, _text_width)
    titles = zip(*header, strict=True)
    return header, [max(room, *map(_text_width, lines)) for room, lines in zip(rooms, titles, strict=True)]


def _draw_row(sketch: Sketch, row: Sequence[Cell], widths: Sequence[float], numeric: Sequence[bool]) -> None:
    """Put cells on the current line: numbers flush right, with their asterisk in the gap, all else flush left."""
    left = MARGIN + GAP / 2
    for cell, width, right in zip(row, widths, numeric, strict=True):
        weight, colour = "bold" if cell.best else "normal", CLOSE_COLOUR if cell.close else "black"
        x, align = (left + width, "right") if right else (left, "left")
        sketch.text(x, cell.printed, ha=align, weight=weight, color=colour)
        if cell.close:
            sketch.text(left + width + 1, "*", color=colour)
        left += width + GAP


def _wrapped(text: str, width: float, size: float) -> list[str]:
    """Lines of a text, broken between words."""
    lines: list[str] = []
    for word in text.split(" ") if text else ():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _text_width(longer, size=size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _text_width(text: str, *, size: float = SIZE, bold: bool = False) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONTS, size=size, weight="bold" if bold else "normal")
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
