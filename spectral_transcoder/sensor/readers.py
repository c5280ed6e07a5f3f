"""Files of third-octave levels by name, whatever their format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spectral_transcoder.errors import UserError
from spectral_transcoder.sensor.array_files import Hdf5Source, NpySource
from spectral_transcoder.sensor.sources import LevelSource, Reading
from spectral_transcoder.sensor.table_files import STANDARD_INPUT, ParquetSource, TextSource

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["OWN_ENDINGS", "SUFFIXES", "find_levels", "open_levels"]

SUFFIXES: dict[str, type[LevelSource]] = {
    ".npy": NpySource,
    ".h5": Hdf5Source,
    ".hdf5": Hdf5Source,
    ".csv": TextSource,
    ".parquet": ParquetSource,
}
"""Formats by the end of a file's name."""

OWN_ENDINGS = ("_scores", "_summary")
"""Of the tables that this package writes."""


def find_levels(names: Sequence[str | Path], *, output: Path | None = None) -> list[tuple[str | Path, Path]]:
    """Files among the names, and in folders among them, each with the folder below the output that it belongs to.

    Parameters
    ----------
    names
        files, folders (searched to any depth for files with one of `SUFFIXES`), or "-" for the standard input.
    output
        what lies there is passed over, and so are our own tables anywhere.

    Raises
    ------
    UserError
        where there is no such file, or nothing in a folder.
    """
    found: list[tuple[str | Path, Path]] = []
    for name in names:
        path = Path(name)
        if str(name) == STANDARD_INPUT or path.is_file():
            found.append((name if str(name) == STANDARD_INPUT else path, Path()))
        elif path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if _is_input(file, path, output)]
            if not files:
                raise UserError(f"there are no levels in the folder {path}: no file is called *{', *'.join(SUFFIXES)}")
            found += [(file, file.parent.relative_to(path)) for file in files]
        else:
            raise UserError(f"no file or folder {path}: give the path of third-octave levels")
    return found


def _is_input(file: Path, folder: Path, output: Path | None) -> bool:
    if file.suffix.lower() not in SUFFIXES or file.stem.endswith(OWN_ENDINGS) or not file.is_file():
        return False
    return output is None or output.resolve() == folder.resolve() or output.resolve() not in file.resolve().parents


def open_levels(path: str | Path, reading: Reading | None = None) -> LevelSource:
    """Open a file of third-octave levels.

    Parameters
    ----------
    path
        `.npy`, `.h5`, `.csv`, `.parquet`, or "-" for CSV on the standard input.
    reading
        how.

    Raises
    ------
    UserError
        where it is unreadable, or holds no levels in 29 bands.
    """
    reading = reading or Reading()
    if str(path) == STANDARD_INPUT:
        return TextSource(path, reading)
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path} is of no format that is known: {', '.join(SUFFIXES)} are")
    return SUFFIXES[path.suffix.lower()](path, reading)
