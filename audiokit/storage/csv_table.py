"""Tables in CSV files, read as text and checked cell by cell, with the line of what is wrong."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas
    from numpy.typing import ArrayLike

__all__ = ["check_column", "check_unique", "read_table"]

FIRST_LINE = 2
"""Of the rows of a table, whose header is in line 1."""


def read_table(
    path: Path, columns: Sequence[str], *, remedy: str = "write it anew", delimiter: str = ","
) -> pandas.DataFrame:
    """Read a CSV file with a header, every cell as it is written.

    Parameters
    ----------
    path
        UTF-8.
    columns
        that must be there; others may be.
    remedy
        what the message tells the user to do about a file that is missing or damaged.
    delimiter
        between the cells.

    Returns
    -------
    pandas.DataFrame
        of text, in the order of the file, the rows numbered from 0.

    Raises
    ------
    UserError
        where the file or a column is missing, a row has another number of cells than the header, or there is no row.
    """
    import pandas

    header, *rows = _cells(path, remedy, delimiter) or [[]]
    missing = [column for column in columns if column not in header]
    if missing:
        raise UserError(f"{path} has no column {missing[0]} (it has {', '.join(header) or 'none'}): {remedy}")
    for line, row in enumerate(rows, FIRST_LINE):
        if len(row) != len(header):
            raise UserError(f"{path}, line {line}: {len(row)} cells where the header has {len(header)}: {remedy}")
    if not rows:
        raise UserError(f"{path} has a header and no rows: {remedy}")
    return pandas.DataFrame(rows, columns=header, dtype=str)


def _cells(path: Path, remedy: str, delimiter: str) -> list[list[str]]:
    """Rows of a file, the header first, without empty lines."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return [row for row in csv.reader(file, delimiter=delimiter, strict=True) if row]
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): {remedy}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is no CSV file ({error}): {remedy}") from error


def check_column(table: pandas.DataFrame, column: str, fits: ArrayLike, expected: str, *, path: Path) -> None:
    """Refuse a table for the first cell of a column that does not fit.

    Parameters
    ----------
    table
        as `read_table` gives it.
    column
    fits : (n_rows,) bool
    expected
        end of the sentence "line 7: range 'Middle' …".
    path
        of the table, for the message.

    Raises
    ------
    UserError
        where a cell does not fit.
    """
    bad = np.flatnonzero(~np.asarray(fits, bool))
    if len(bad):
        index = bad[0]
        raise UserError(f"{path}, line {index + FIRST_LINE}: {column} {table[column].iloc[index]!r} {expected}")


def check_unique(table: pandas.DataFrame, column: str, *, path: Path) -> None:
    """Refuse a table that says something twice in a column that names its rows."""
    check_column(table, column, ~table[column].duplicated(), "is there twice: keep one of the rows", path=path)
