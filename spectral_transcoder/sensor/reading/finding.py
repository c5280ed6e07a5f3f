"""Names of files and folders to the files of levels that they stand for."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["OWN_ENDINGS", "STANDARD_INPUT", "SUFFIXES", "find_levels", "is_of_many_uses", "stem_of", "suffix_of"]

STANDARD_INPUT = "-"

COMPRESSED = ".gz"

SUFFIXES = (
    ".npy", ".npz", ".h5", ".hdf5", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".geojson",
    ".csv.gz", ".tsv.gz", ".txt.gz", ".json.gz", ".jsonl.gz", ".ndjson.gz", ".geojson.gz",
    ".parquet", ".xlsx", ".zip",
)  # fmt: skip
"""Ends of the names of files that are looked at."""

OF_MANY_USES = (".txt", ".json", ".txt.gz", ".json.gz", ".xlsx", ".zip", ".npz")
"""Of these, files in a folder need not be levels."""

OWN_ENDINGS = ("_scores", "_summary", "_presence", "_settings")
"""Of the files that this package writes."""


def suffix_of(path: PurePath) -> str:
    """End of a name by which a format is known, in small letters: .csv, .csv.gz."""
    suffix = path.suffix.lower()
    return f"{Path(path.stem).suffix.lower()}{suffix}" if suffix == COMPRESSED else suffix


def stem_of(path: PurePath) -> str:
    """Name without that end."""
    suffix = suffix_of(path)
    return path.name[: -len(suffix)] if suffix else path.name


def is_of_many_uses(path: PurePath) -> bool:
    """Whether files called so often hold something else than levels."""
    return suffix_of(path) in OF_MANY_USES


def find_levels(names: Sequence[str | Path], *, output: Path | None = None) -> list[tuple[str | Path, Path]]:
    """Files among the names, and in folders among them, each with the folder below the output that it belongs to.

    Parameters
    ----------
    names
        files, folders (searched to any depth for files with one of `SUFFIXES`; hidden ones are passed over), or "-"
        for the standard input.
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
    if suffix_of(file) not in SUFFIXES or stem_of(file).endswith(OWN_ENDINGS) or not file.is_file():
        return False
    if any(part.startswith(".") for part in file.relative_to(folder).parts):
        return False
    return output is None or output.resolve() == folder.resolve() or output.resolve() not in file.resolve().parents
