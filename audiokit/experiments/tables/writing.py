"""Tables of results, shown on a terminal or written in the format that a file's name ends with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.experiments.tables import formats
from audiokit.files import write_whole

if TYPE_CHECKING:
    from audiokit.experiments.tables.result_table import ResultTable

__all__ = ["FORMATS", "check_format", "to_text", "write_table"]

FORMATS = (".png", ".pdf", ".html", ".tex", ".csv")


def to_text(table: ResultTable, *, bold: bool = False) -> str:
    """A table for a terminal; `bold` where it understands ANSI codes."""
    return formats.as_text(table.sheet(), bold=bold)


def check_format(path: Path) -> Path:
    """The path of a table, if its name ends with a known format.

    Raises
    ------
    UserError
        where it does not.
    """
    if path.suffix not in FORMATS:
        raise UserError(f"cannot write a table as {path.name}: let its name end with {', '.join(FORMATS)}")
    return path


def write_table(table: ResultTable, path: str | Path) -> Path:
    """Write a table in the format that its name ends with.

    Raises
    ------
    UserError
        for other formats, and where the file cannot be written.
    """
    path = check_format(Path(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_whole(path) as partial:
            _write(table, partial)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise UserError(f"cannot write {path} ({error.strerror}): give another name") from error
    return path


def _write(table: ResultTable, path: Path) -> None:
    match path.suffix:
        case ".csv":
            formats.write_csv(table, path)
        case ".html":
            path.write_text(formats.as_html(table.sheet()), encoding="utf-8")
        case ".tex":
            path.write_text(formats.as_latex(table.sheet()), encoding="utf-8")
        case _:
            from audiokit.experiments.tables.picture import write_picture

            write_picture(table.sheet(), path)
