"""The durations of recordings, measured and added to the table that names them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import write_whole
from audiokit.sound.headers import read_header

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["add_durations"]


def add_durations(table: Path, audio: Path, output: Path, *, name_column: str, progress: bool = True) -> Path:
    """Copy a table of recordings and add the column `duration`, in seconds.

    UrbanSound8K's own table tells from where to where each clip was cut, which is not how long the files are. The
    duration is the number of samples of a channel over the sample rate, both as the file has them, as in the original.

    Parameters
    ----------
    table
        csv file with a header.
    audio
        folder of the recordings.
    output
        csv file to write; the rows and columns of `table` in their order, the duration last.
    name_column
        the column that holds the names of the recordings.
    progress
        show a bar, where stderr is a terminal.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    UserError
        where the table or a recording in it is missing or unreadable.
    """
    from tqdm import tqdm

    columns, rows = _read(table, name_column)
    for row in tqdm(rows, desc="durations", unit="file", leave=None, disable=None if progress else True):
        row["duration"] = _duration(audio / row[name_column])
    with write_whole(output) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*columns, "duration"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return output


def _read(table: Path, name_column: str) -> tuple[list[str], list[dict]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {table} ({error}): download the dataset again") from error
    columns = [column for column in reader.fieldnames or [] if column != "duration"]
    if name_column not in columns:
        raise UserError(f"{table} has no column {name_column}: download the dataset again")
    return columns, [{column: row[column] for column in columns} for row in rows]


def _duration(path: Path) -> float:
    """Seconds of a recording, by its header: what decoding it gives, too."""
    header = read_header(path)
    if header.problem:
        raise UserError(f"{header.problem}; or download the dataset again")
    return header.seconds
