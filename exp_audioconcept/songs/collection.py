"""Collections of songs: a folder for each genre, and where it is known, who plays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.storage.csv_table import check_column, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Song", "genres_of", "group_of", "passed_over", "read_collection", "read_groups"]

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au"})
GROUP_COLUMNS = ("artist", "album", "group", "piece")
"""Names of the column that says what must not be split."""
DAMAGED = frozenset({"jazz/jazz.00054.wav"})
"""Of GTZAN; it must be deleted by the original's instructions, and is left out here."""


@dataclass(frozen=True)
class Song:
    """A recording with its genre."""

    path: Path
    name: str
    """`genre/file`."""
    genre: str
    group: str = ""
    """Artist, album or piece; empty where nothing is known."""


def read_collection(folder: Path, *, groups: Mapping[str, str] | None = None) -> list[Song]:
    """Songs of a collection, by genre and name.

    Parameters
    ----------
    folder
        with a folder for each genre, or with such folders in `genres/`, as GTZAN has them.
    groups
        name of the file, or `genre/file`, to what must not be split: as `read_groups` gives it.

    Raises
    ------
    UserError
        where there are not two genres at least, or the table lacks a song.
    """
    root = _root(folder)
    songs = [
        Song(path, f"{genre.name}/{path.name}", genre.name)
        for genre in _genre_folders(root)
        for path in sorted(genre.iterdir())
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    ]
    songs = [song for song in songs if song.name not in DAMAGED]
    found = sorted({song.genre for song in songs})
    if len(found) < 2:
        raise UserError(
            f"{root} has songs of {', '.join(found) or 'no genre'}: put those of each genre into a folder of its own, "
            "two at least"
        )
    if groups is None:
        return songs
    return [replace(song, group=group_of(song.path.name, song.genre, groups)) for song in songs]


def passed_over(folder: Path) -> list[Path]:
    """Files in the folders of genres that are not taken for songs: of another ending, or in a folder within."""
    return [
        path
        for genre in _genre_folders(_root(folder))
        for path in sorted(genre.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(genre).parts)
        and (path.suffix.lower() not in SUFFIXES or path.parent != genre)
    ]


def _root(folder: Path) -> Path:
    root = folder / "genres" if (folder / "genres").is_dir() else folder
    if not root.is_dir():
        raise UserError(f"there is no folder {root}: give one with a folder of songs for each genre")
    return root


def _genre_folders(root: Path) -> list[Path]:
    return [path for path in sorted(root.iterdir()) if path.is_dir() and not path.name.startswith(".")]


def group_of(name: str, genre: str, groups: Mapping[str, str]) -> str:
    """What a song must not be split from.

    Parameters
    ----------
    name
        `file`, or `genre/file`.
    groups
        as `read_groups` gives them, by either.

    Raises
    ------
    UserError
        where the table lacks the song.
    """
    file = name.rpartition("/")[2]
    whole = f"{genre}/{file}"
    group = groups.get(whole, groups.get(file))
    if group is None:
        raise UserError(f"the table of artists lacks {whole}: add its row, or leave the table out")
    return group


def read_groups(path: Path) -> dict[str, str]:
    """Read what must not be split: a CSV table with `filename` and one of `artist`, `album`, `group` and `piece`.

    Raises
    ------
    UserError
        where a column is missing, or a cell is empty.
    """
    table = read_table(path, ["filename"], remedy="give a table with filename and artist")
    column = next((name for name in GROUP_COLUMNS if name in table.columns), None)
    if column is None:
        raise UserError(f"{path} has no column {' or '.join(GROUP_COLUMNS)}: add who plays each song")
    check_column(table, column, table[column] != "", "says nothing: write who plays the song", path=path)
    return dict(zip(table["filename"], table[column], strict=True))


def genres_of(songs: Sequence[Song]) -> tuple[str, ...]:
    """Genres, in alphabetical order as everywhere."""
    return tuple(sorted({song.genre for song in songs}))
