"""Figures of transcoders as Markdown to read and as CSV to go on with."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quality.transcoding_measures import Figure

__all__ = ["QualityTable", "Row", "as_csv", "as_markdown"]

ABSENT = "–"
COLUMNS = (
    "teacher", "evaluation_set", "transcoder", "recordings", "seconds", "million_multiplications_per_second", "measure",
    "value", "low", "high",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What was found of one contender."""

    title: str
    n_recordings: int
    n_seconds: int
    multiplications: int | None
    """For a second of sound; None where nothing is transcoded."""

    figures: Mapping[str, Figure]
    """By title of the column; those of seconds end in `, seconds`."""


@dataclass(frozen=True)
class QualityTable:
    """Contenders for a teacher on an evaluation set."""

    teacher: str
    evaluation_set: str
    classes: str
    """Dataset that the accuracy is of; empty where there is none."""

    n_recordings: int
    n_seconds: int
    n_left_out: int
    """Recordings without a second that is heard."""

    commonest: tuple[str, float]
    """Top class of most recordings for the teacher, and their percentage: what who always says the same reaches."""

    rows: Sequence[Row]


def as_markdown(table: QualityTable) -> str:
    """Heading and table; figures of recordings have their intervals beside them."""
    heading = f"{table.teacher}, {table.evaluation_set}: {table.n_recordings} recordings, {table.n_seconds} seconds"
    if table.n_left_out:
        heading += f" (left out, as silent or shorter than one: {table.n_left_out})"
    if table.classes:
        heading += f"; classes of {table.classes}"
    label, percentage = table.commonest
    heading += f"; {_digits(percentage)} % are {label} to the teacher"
    titles = list(dict.fromkeys(title for row in table.rows for title in row.figures))
    cells = [["transcoder", "M multiplications/s", *titles]]
    for row in table.rows:
        cost = ABSENT if row.multiplications is None else _digits(row.multiplications / 1e6)
        cells.append([row.title, cost, *(_cell(title, row.figures.get(title)) for title in titles)])
    head, *body = [f"| {' | '.join(line)} |" for line in cells]
    return "\n".join([heading, "", head, "|---|" + "---:|" * (len(titles) + 1), *body])


def _cell(title: str, figure: Figure | None) -> str:
    """Mean and interval, of seconds the mean alone."""
    if figure is None:
        return ABSENT
    if title.endswith(", seconds") or figure.low == figure.high:
        return _digits(figure.value)
    return f"{_digits(figure.value)} ({_digits(figure.low)}–{_digits(figure.high)})"


def _digits(number: float) -> str:
    """Three digits, or all of the integer part."""
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:.0f}"


def as_csv(tables: Sequence[QualityTable]) -> str:
    """A line for each figure with all its digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for table in tables:
        for row in table.rows:
            cost = "" if row.multiplications is None else row.multiplications / 1e6
            about = table.teacher, table.evaluation_set, row.title, row.n_recordings, row.n_seconds, cost
            writer.writerows(
                (*about, title, figure.value, figure.low, figure.high) for title, figure in row.figures.items()
            )
    return text.getvalue()
