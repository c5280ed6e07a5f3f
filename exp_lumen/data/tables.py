"""Tables of recordings and their labels: own collections, corrections of labels, and lists without labels."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from exp_lumen.data.clips import LabelledClip, find_recordings
from exp_lumen.data.irmas import song_of_test_clip
from exp_lumen.instruments import CODES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["csv_clips", "override_labels", "unlabelled_paths"]

KNOWN_VALUES = {"0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0}


def csv_clips(table: Path) -> list[LabelledClip]:
    """Recordings of a table with the column `file` and one for each code; an empty cell is an unknown label.

    Columns are found by their names, whatever their order. Paths are relative to the table. A column `song`, where
    there is one, says what must not be split; else the name of the file without a number at its end does.

    Raises
    ------
    UserError
        where columns or recordings are missing, a recording comes twice, or a value is neither 0, 1 nor empty.
    """
    clips = []
    seen: set[Path] = set()
    for number, row in enumerate(_rows(table, ("file", *CODES)), start=2):
        path = table.parent / row["file"]
        if not path.is_file():
            raise UserError(f"{table}, line {number}: there is no {path}")
        if path.resolve() in seen:
            raise UserError(f"{table}, line {number}: {row['file']} comes twice; keep one of its lines")
        seen.add(path.resolve())
        labels, known = _labels(row, f"{table}, line {number}")
        clips.append(LabelledClip(path, labels, known, row.get("song") or song_of_test_clip(path)))
    return clips


def override_labels(clips: Sequence[LabelledClip], tables: Sequence[Path]) -> list[LabelledClip]:
    """Replace the labels of clips by those of tables with the columns `filename` and one for each code.

    Raises
    ------
    UserError
        where columns are missing, a name comes twice, or no clip has a name.
    """
    corrected: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {}
    for table in tables:
        for number, row in enumerate(_rows(table, ("filename", *CODES)), start=2):
            name = Path(row["filename"]).name
            if name in corrected:
                raise UserError(f"{table}, line {number}: {name} comes twice; keep one of its lines")
            corrected[name] = _labels(row, f"{table}, line {number}")
    missing = set(corrected) - {clip.path.name for clip in clips}
    if missing:
        raise UserError(f"{len(missing)} of the corrected recordings are not trained on, such as {sorted(missing)[0]}")
    found = [(clip, corrected.get(clip.path.name)) for clip in clips]
    return [replace(clip, labels=new[0], known=new[1]) if new else clip for clip, new in found]


def unlabelled_paths(given: Path) -> list[Path]:
    """Recordings of a folder and what is below it, or those that the column `file` of a table names; or the one itself.

    Raises
    ------
    UserError
        where there are none.
    """
    if given.is_file() and given.suffix.lower() == ".csv":
        paths = [given.parent / row["file"] for row in _rows(given, ("file",))]
        if missing := [path for path in paths if not path.is_file()]:
            raise UserError(f"{given}: there is no {missing[0]}")
        return paths
    return [given] if given.is_file() else find_recordings(given)


def _rows(table: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a table that has these columns among others."""
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{table} cannot be read as a table ({error}): give a CSV in UTF-8") from error
    if missing:
        raise UserError(f"{table} has no column {missing[0]!r}: it needs {', '.join(columns)}")
    if not rows:
        raise UserError(f"{table} has no rows")
    for number, row in enumerate(rows, start=2):
        # What a reader makes of a line that is longer or shorter than the header.
        if None in row or None in row.values():
            raise UserError(f"{table}, line {number} has not as many cells as the header: mend it, or make it anew")
    return rows


def _labels(row: dict[str, str], where: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Labels, and which are known."""
    cells = [row[code].strip() for code in CODES]
    if wrong := [cell for cell in cells if cell and cell not in KNOWN_VALUES]:
        raise UserError(f"{where}: {wrong[0]!r} is neither 0 nor 1, nor empty for unknown")
    labels = tuple(KNOWN_VALUES.get(cell, 0.0) for cell in cells)
    return labels, tuple(float(bool(cell)) for cell in cells)
