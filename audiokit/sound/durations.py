"""The durations of recordings, measured and added to the table that names them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import write_whole
from audiokit.sound.headers import read_header
from audiokit.sound.recording_path import recording_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["DURATION", "add_durations", "measure_durations", "write_durations"]

DURATION = "duration"
"""Name of the column."""


def add_durations(table: Path, audio: Path, output: Path, *, name_column: str, progress: bool = True) -> Path:
    """Copy a table of recordings and add the column `duration`, in seconds.

    Parameters
    ----------
    output
        csv file to write; the rows and columns of `table` in their order, the duration last.
    table, audio, name_column, progress
        as for `measure_durations`.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    UserError
        where the table or a recording in it is missing or unreadable.
    """
    columns, rows = measure_durations(table, audio, name_column=name_column, progress=progress)
    if missing := [row[name_column] for row in rows if row[DURATION] is None]:
        raise UserError(f"cannot read {audio / missing[0]} (it is missing): download the dataset again")
    write_durations(output, columns, rows)
    return output


def measure_durations(
    table: Path, audio: Path, *, name_column: str, progress: bool = True
) -> tuple[list[str], list[dict[str, object]]]:
    """Rows of a table of recordings with the column `duration`, in seconds; None of recordings that are not here.

    UrbanSound8K's own table tells from where to where each clip was cut, which is not how long the files are. The
    duration is the number of samples of a channel over the sample rate, both as the file has them, as in the original.

    Parameters
    ----------
    table
        csv file with a header.
    audio
        folder of the recordings, or of folders of them.
    name_column
        the column that holds the names of the recordings.
    progress
        show a bar, where stderr is a terminal.

    Returns
    -------
    list of str, list of dict
        names of the columns but that one, and the rows.

    Raises
    ------
    UserError
        where the table is missing, or it or a recording is unreadable.
    """
    from tqdm import tqdm

    columns, rows = _read(table, name_column)
    for row in tqdm(rows, desc="durations", unit="file", leave=None, disable=None if progress else True):
        path = recording_path(audio, row[name_column])
        row[DURATION] = _duration(path) if path.exists() else None
    return columns, rows


def write_durations(output: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write what `measure_durations` gives."""
    with write_whole(output) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*columns, DURATION], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _read(table: Path, name_column: str) -> tuple[list[str], list[dict]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {table} ({error}): download the dataset again") from error
    columns = [column for column in reader.fieldnames or [] if column != DURATION]
    if name_column not in columns:
        raise UserError(f"{table} has no column {name_column}: download the dataset again")
    return columns, [{column: row[column] for column in columns} for row in rows]


def _duration(path: Path) -> float:
    """Seconds of a recording, by its header: what decoding it gives, too."""
    header = read_header(path)
    if header.problem:
        raise UserError(f"{header.problem}; or download the dataset again")
    return header.seconds
