"""The table of features, as it was published, as Kaggle gives it, or as `features` writes it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from exp_audioconcept.song_features.names import FEATURE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["FeatureTable", "read_feature_table", "write_feature_table"]

REMEDY = "give features_30_sec.csv as it was published, or make a table with python3 -m exp_audioconcept.features"
DAMAGED = ("jazz.00054.wav",)
"""The table has a row of it, but nobody can decode the file."""


@dataclass(frozen=True)
class FeatureTable:
    """A row of numbers for each song."""

    names: tuple[str, ...]
    """Of the files, (n_songs,)."""
    genres: tuple[str, ...]
    """(n_songs,)"""
    features: tuple[str, ...]
    """Names of the columns."""
    values: NDArray[np.float64]
    """(n_songs, n_features)"""

    def rows(self, chosen: NDArray) -> FeatureTable:
        """Some of the songs, by their numbers or by (n_songs,) booleans."""
        numbers = np.arange(len(self.names))[chosen]
        return FeatureTable(
            tuple(self.names[number] for number in numbers),
            tuple(self.genres[number] for number in numbers),
            self.features,
            self.values[numbers],
        )

    def without(self, *dropped: str) -> FeatureTable:
        """All columns but some."""
        kept = [index for index, name in enumerate(self.features) if name not in dropped]
        return FeatureTable(
            self.names, self.genres, tuple(self.features[index] for index in kept), self.values[:, kept]
        )

    @property
    def is_first(self) -> NDArray[np.bool_]:
        """Whether no row above has the same numbers, (n_songs,): GTZAN holds 14 songs twice."""
        first = np.zeros(len(self.values), bool)
        first[np.unique(self.values, axis=0, return_index=True)[1]] = True
        return first


def read_feature_table(path: Path, *, keep_damaged: bool = False) -> FeatureTable:
    """Read a table, with commas or semicolons between its cells.

    Parameters
    ----------
    keep_damaged
        keep the row of `jazz.00054.wav`, as the published figures do.

    Raises
    ------
    UserError
        where the file or a column is missing, or a cell is no finite number.
    """
    header, rows = _cells(path)
    missing = [name for name in ("filename", *FEATURE_NAMES, "label") if name not in header]
    if missing:
        raise UserError(f"{path} has no column {missing[0]}: {REMEDY}")
    place = {name: index for index, name in enumerate(header)}
    values = np.empty((len(rows), len(FEATURE_NAMES)))
    for line, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise UserError(f"{path}, line {line}: {len(row)} cells where the header has {len(header)}: {REMEDY}")
        values[line - 2] = [_number(row[place[name]], f"{path}, line {line}: {name}") for name in FEATURE_NAMES]
    names = tuple(row[place["filename"]] for row in rows)
    if len(set(names)) < len(names):
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise UserError(f"{path} has two rows of {twice}: keep one of them")
    table = FeatureTable(names, tuple(row[place["label"]] for row in rows), FEATURE_NAMES, values)
    return table if keep_damaged else table.rows(~np.isin(names, DAMAGED))


def _cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows; what is between cells is what the header has more of."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            separator = max(",;", key=first.count)
            header, *rows = [row for row in csv.reader(file, delimiter=separator, strict=True) if row] or [[]]
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): {REMEDY}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is no CSV file ({error}): {REMEDY}") from error
    if not rows:
        raise UserError(f"{path} has no rows: {REMEDY}")
    return [cell.lstrip("\ufeff") for cell in header], rows


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise UserError(f"{where} is {text!r}, which is no finite number: make the table anew")
    return number


def write_feature_table(path: Path, table: FeatureTable, *, separator: str = ",") -> Path:
    """Write a table whole; gives the path. Numbers keep all their digits."""
    make_folder(path.parent)
    with write_whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        writer.writerow(["filename", *table.features, "label"])
        for name, genre, row in zip(table.names, table.genres, table.values, strict=True):
            writer.writerow([name, *_written(table.features, row), genre])
    return path


def _written(features: Sequence[str], row: NDArray[np.float64]) -> list[str]:
    return [
        str(int(value)) if name == "length" else repr(float(value)) for name, value in zip(features, row, strict=True)
    ]
