"""Tables of the data set EMVD: what is in each recording, who sings it, and how well the singer knows the technique."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.storage.csv_table import check_column, check_unique, read_table
from exp_emvd.places import FILES, SINGERS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas

__all__ = [
    "EFFECTS",
    "REMEDY",
    "TECHNIQUES",
    "is_learned_from",
    "join",
    "read_files",
    "read_singers",
]

REMEDY = "get it by download_datasets.py --list EMVD"
"""For a table that is missing or damaged."""

TECHNIQUES = ("ClearVoice", "DeathGrowl", "HardcoreScream", "BlackShriek", "GrindInhale")
EFFECTS = ("PigSqueal", "DeepGutturals", "TunnelThroat", "Effect")
"""The last one is in two recordings of which nobody says more."""

NONE = "-"
"""Where a column says nothing: of what is no technique, or is not sung high or low."""

NOT_REPRESENTATIVE = "0"
"""Rank by the authors; 1 is fairly representative of the technique, 2 very."""

NOT_LEARNED = "GrindInhale"
"""The technique of which there are too few recordings."""

NAMES = {"Technique": TECHNIQUES, "Effect": EFFECTS, "Other": (NONE,)}
"""What there is of each type."""

FILE_VALUES = {
    "type": tuple(NAMES),
    "name": tuple(name for names in NAMES.values() for name in names),
    "range": ("High", "Mid", "Low", NONE),
    "vowel": ("a", "i", "u", "lyrics", NONE),
    "authors_rank": ("0", "1", "2", NONE),
}
DURATION = "duration(s)"
FILE_COLUMNS = ("file_name", "singer_id", *FILE_VALUES, DURATION)

DISTANCE = "distance_to_microphone(cm)"
SINGER_COLUMNS = (
    "singer_id", "gender", "status", "recording", DISTANCE, "microphone", "audio_interface", "DAW",
)  # fmt: skip
RATINGS = (
    "ClearVoice_High", "ClearVoice_Mid", "ClearVoice_Low", "BlackShriek_High", "BlackShriek_Mid", "DeathGrowl_Mid",
    "DeathGrowl_Low", "HardcoreScream_High", "HardcoreScream_Mid", "HardcoreScream_Low", "GrindInhale", "PigSqueal",
    "DeepGutturals", "TunnelThroat",
)  # fmt: skip
"""Columns with how often a singer uses a technique: from 0, never, over 3, occasionally, to 5, at every concert."""


def read_files(path: Path = FILES) -> pandas.DataFrame:
    """Read the table of the recordings, `metadata_files.csv`.

    Returns
    -------
    pandas.DataFrame
        in the order of the file: file_name; singer_id, whole; type, name, range, vowel and authors_rank, text (a dash
        where there is none, which is why the rank is no number); duration(s), in seconds.

    Raises
    ------
    UserError
        naming the line: for a missing column, a file named twice, a singer that is no number, a value that the data set
        does not know, a technique or effect without a rank, or a duration without a decimal comma.
    """
    table = read_table(path, FILE_COLUMNS, remedy=REMEDY)
    check_unique(table, "file_name", path=path)
    for column, known in FILE_VALUES.items():
        check_column(table, column, table[column].isin(known), f"is unknown: give {', '.join(known)}", path=path)
    fits = np.array([name in NAMES[kind] for kind, name in zip(table["type"], table["name"], strict=True)])
    check_column(table, "name", fits, "is of another type than its row says", path=path)
    is_ranked = (table["type"] == "Other") | (table["authors_rank"] != NONE)
    check_column(table, "authors_rank", is_ranked, "of a technique or effect: give 0, 1 or 2", path=path)
    return table.assign(
        singer_id=_whole_numbers(table, "singer_id", path), **{DURATION: _decimals(table, DURATION, path).astype(float)}
    )


def read_singers(path: Path = SINGERS) -> pandas.DataFrame:
    """Read the table of the singers, `metadata_singers.csv`.

    Returns
    -------
    pandas.DataFrame
        in the order of the file: singer_id; gender, status, recording, microphone, audio_interface and DAW, text;
        distance_to_microphone(cm); and the fourteen `RATINGS`, whole, 0 to 5.

    Raises
    ------
    UserError
        naming the line: for a missing column, a singer there twice, or what should be a number and is none.
    """
    table = read_table(path, (*SINGER_COLUMNS, *RATINGS), remedy=REMEDY)
    check_unique(table, "singer_id", path=path)
    for column in RATINGS:
        check_column(table, column, table[column].isin(list("012345")), "is no rating from 0 to 5", path=path)
    numbers = {column: _whole_numbers(table, column, path) for column in ("singer_id", *RATINGS)}
    return table.assign(**numbers, **{DISTANCE: _decimals(table, DISTANCE, path)})


def _whole_numbers(table: pandas.DataFrame, column: str, path: Path) -> pandas.Series:
    check_column(table, column, table[column].str.fullmatch(r"[0-9]{1,9}"), "is no whole number", path=path)
    return table[column].astype("int64")


def _decimals(table: pandas.DataFrame, column: str, path: Path) -> pandas.Series:
    """Numbers with a decimal comma; a point could as well group thousands, and is refused."""
    import pandas

    fits = table[column].str.fullmatch(r"[0-9]+(,[0-9]+)?")
    check_column(table, column, fits, 'is no number with a decimal comma, as "2,92"', path=path)
    return pandas.to_numeric(table[column].str.replace(",", "."))


def is_learned_from(files: pandas.DataFrame) -> pandas.Series:
    """Whether each recording takes part in the experiments, (n_files,): 760 of the 1068.

    Those do that hold a technique, of which there are enough recordings, and that represent it.
    """
    is_technique = (files["type"] == "Technique") & (files["name"] != NOT_LEARNED)
    return is_technique & (files["authors_rank"] != NOT_REPRESENTATIVE)


def join(files: pandas.DataFrame, folds: pandas.DataFrame, singers: pandas.DataFrame) -> pandas.DataFrame:
    """All that is known of each recording, in one table.

    Parameters
    ----------
    files, singers
        as `read_files` and `read_singers` give them.
    folds
        as `exp_emvd.data.folds.read_folds` gives them.

    Returns
    -------
    pandas.DataFrame
        in the order of `files`: their columns, those of the folds and of the singers without `RATINGS`, and
        singer_rank, the singer's rating of what is sung in the recording; 0 where it has no rating.

    Raises
    ------
    UserError
        for a file that is in no fold or whose singer is unknown.
    """
    _check_known(files, "file_name", folds, "the table of folds")
    _check_known(files, "singer_id", singers, "the table of singers")
    table = files.merge(folds, on="file_name").merge(singers, on="singer_id")
    rank = _ratings(table[list(RATINGS)], table["name"], table["range"])
    return table.drop(columns=list(RATINGS)).assign(singer_rank=rank)


def _check_known(files: pandas.DataFrame, column: str, other: pandas.DataFrame, where: str) -> None:
    unknown = files[~files[column].isin(other[column])]
    if len(unknown):
        row = unknown.iloc[0]
        raise UserError(f"{row['file_name']}: {column} {row[column]} is not in {where}: add it there")


def _ratings(ratings: pandas.DataFrame, names: pandas.Series, ranges: pandas.Series) -> np.ndarray:
    """Of each row the rating in the column `name_range`, or `name` where there is no range."""
    columns = ratings.columns.get_indexer(np.where(ranges == NONE, names, names + "_" + ranges))
    return np.where(columns < 0, 0, ratings.to_numpy()[np.arange(len(ratings)), columns])
