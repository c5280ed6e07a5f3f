"""Folds of the experiments: which recordings a network is trained on, chosen by, and tested on."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from audiokit.storage.csv_table import check_column, check_unique, read_table
from exp_emvd.data.metadata import NONE, REMEDY, is_learned_from
from exp_emvd.places import FOLDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas
    from numpy.typing import NDArray

__all__ = [
    "PARTS",
    "draw_folds",
    "draw_parts",
    "introsort_order",
    "read_folds",
    "split_columns",
    "write_folds",
]

PARTS = ("train", "valid", "eval")
UNUSED = NONE

TRAIN_SHARE = 0.7
"""Of what a fold is not tested on."""

INSERTION_SPAN = 15
"""Distance from the first to the last item of a stretch that is sorted by insertion."""


def draw_folds(
    files: pandas.DataFrame, *, n_splits: int = 4, seed: int = 0, by_singer: bool = False
) -> pandas.DataFrame:
    """Draw which recordings each split is trained on, chosen by and tested on.

    Parameters
    ----------
    files
        as `exp_emvd.data.metadata.read_files` gives them.
    n_splits
        number of splits, 2 or more; each recording is tested on in one of them.
    seed
        0 with 4 splits of the published table gives the published folds, to the byte.
    by_singer
        keep all recordings of a singer in one part of a split. The published folds do not: every singer is heard in
        training and in testing.

    Returns
    -------
    pandas.DataFrame
        file_name, in the order of `files`, and for each split a column split0, split1 … of train, valid, eval, or a
        dash for a recording that takes no part.

    Raises
    ------
    UserError
        for fewer recordings, or singers, than splits need.
    """
    used = np.flatnonzero(is_learned_from(files))
    names, singers = files["name"].to_numpy()[used], files["singer_id"].to_numpy()[used]
    folds = files[["file_name"]].copy()
    parts = draw_parts(names, singers, n_splits=n_splits, seed=seed, by_singer=by_singer)
    for number, part in enumerate(parts):
        labels = np.full(len(files), UNUSED, dtype=object)
        labels[used] = part
        folds[f"split{number}"] = labels
    return folds


def draw_parts(
    techniques: NDArray[np.str_], singers: NDArray[np.integer], *, n_splits: int, seed: int = 0, by_singer: bool = False
) -> list[NDArray[np.str_]]:
    """Draw for each split what each recording is for.

    Parameters
    ----------
    techniques, singers : (n_recordings,)
        of recordings that all take part.
    n_splits, seed, by_singer
        as for `draw_folds`.

    Returns
    -------
    list of (n_recordings,)
        train, valid or eval.

    Raises
    ------
    UserError
        for fewer recordings, or singers, than splits need.
    """
    n_found, what = (len(np.unique(singers)), "singers") if by_singer else (len(singers), "files")
    _check_enough(n_found, n_splits, what)
    if by_singer:
        order, splits = np.arange(len(singers)), _splits_by_singer(techniques, singers, n_splits, seed)
    else:
        order, splits = introsort_order(singers), _splits_by_file(len(singers), n_splits, seed)
    drawn = []
    for members in splits:
        labels = np.empty(len(singers), dtype=f"U{max(map(len, PARTS))}")
        for part, places in zip(PARTS, members, strict=True):
            labels[order[places]] = part
        drawn.append(labels)
    return drawn


def _check_enough(found: int, n_splits: int, what: str) -> None:
    if n_splits < 2 or found < n_splits + 2:
        raise UserError(f"{found} {what} cannot be split {n_splits} times: give from 2 to {max(2, found - 2)} splits")


Parts = tuple["NDArray[np.intp]", "NDArray[np.intp]", "NDArray[np.intp]"]


def _splits_by_file(n_files: int, n_splits: int, seed: int) -> list[Parts]:
    """Of each split the positions for training, for validation and for testing."""
    from sklearn.model_selection import KFold, train_test_split

    splits = []
    for rest, tested in KFold(n_splits, shuffle=True, random_state=seed).split(np.empty(n_files)):
        train, valid = train_test_split(rest, train_size=int(TRAIN_SHARE * len(rest)), random_state=seed)
        splits.append((train, valid, tested))
    return splits


def _splits_by_singer(names: NDArray, singers: NDArray, n_splits: int, seed: int) -> list[Parts]:
    """As `_splits_by_file`, with whole singers, and techniques shared out as evenly as these allow."""
    from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

    splits = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)  # as evenly as they allow
        outer = list(StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed).split(names, names, singers))
    for rest, tested in outer:
        inner = GroupShuffleSplit(1, train_size=TRAIN_SHARE, random_state=seed)
        train, valid = next(inner.split(rest, groups=singers[rest]))
        splits.append((rest[train], rest[valid], tested))
    return splits


def introsort_order(keys: Sequence[int] | NDArray[np.integer]) -> NDArray[np.intp]:
    """Positions of numbers from the lowest up, equal ones in the order in which NumPy's introsort leaves them.

    The published folds were drawn from recordings sorted by singer with an algorithm that is not stable. What NumPy
    does by default has since come to depend on the processor, so the algorithm of that time (quicksort with the median
    of three as its pivot, and insertion below 17 items) is spelt out here; it never reaches the depth at which NumPy
    turns to heapsort.

    Parameters
    ----------
    keys : (n,)

    Returns
    -------
    (n,)
    """
    keys = [int(key) for key in keys]
    order = list(range(len(keys)))
    stretches = [(0, len(keys) - 1)]
    while stretches:
        low, high = stretches.pop()
        while high - low > INSERTION_SPAN:
            middle = _partition(order, keys, low, high)
            parts = sorted([(low, middle - 1), (middle + 1, high)], key=lambda part: part[1] - part[0])
            (low, high), larger = parts
            stretches.append(larger)
        order[low : high + 1] = sorted(order[low : high + 1], key=keys.__getitem__)  # stable, as insertion is
    return np.array(order, dtype=np.intp)


def _partition(order: list[int], keys: Sequence[int], low: int, high: int) -> int:
    """Bring what is below a pivot before it and what is above it behind it; gives the pivot's place."""
    middle = low + (high - low) // 2
    for lower, upper in ((low, middle), (middle, high), (low, middle)):
        if keys[order[upper]] < keys[order[lower]]:
            order[lower], order[upper] = order[upper], order[lower]
    pivot = keys[order[middle]]
    left, right = low, high - 1
    order[middle], order[right] = order[right], order[middle]
    while True:
        left, right = left + 1, right - 1
        while keys[order[left]] < pivot:
            left += 1
        while pivot < keys[order[right]]:
            right -= 1
        if left >= right:
            break
        order[left], order[right] = order[right], order[left]
    order[left], order[high - 1] = order[high - 1], order[left]
    return left


def write_folds(folds: pandas.DataFrame, path: Path) -> Path:
    """Write folds as CSV, whole or not at all; gives the path."""
    make_folder(path.parent)
    with write_whole(path) as partial:
        folds.to_csv(partial, index=False, lineterminator="\n")
    return path


def read_folds(files: pandas.DataFrame, path: Path = FOLDS) -> pandas.DataFrame:
    """Read folds, and check them against the recordings that they are for.

    Parameters
    ----------
    files
        as `exp_emvd.data.metadata.read_files` gives them.
    path
        of a table as `write_folds` writes it.

    Returns
    -------
    pandas.DataFrame
        as `draw_folds` gives it, in the order of the file.

    Raises
    ------
    UserError
        naming the line or the recording: for a missing column, a label that is none of train, valid, eval and a dash, a
        recording that is there twice, missing or unknown, or one that is in some splits and left out in others.
    """
    folds = read_table(path, ["file_name"], remedy=REMEDY)
    check_unique(folds, "file_name", path=path)
    columns = split_columns(folds)
    if not columns:
        raise UserError(f"{path} has no column split0, split1 …: draw folds by create_split_k_fold.py")
    for column in columns:
        expected = f"is no part of a split: give {', '.join(PARTS)} or {UNUSED}"
        check_column(folds, column, folds[column].isin([*PARTS, UNUSED]), expected, path=path)
    is_used = folds[columns] != UNUSED
    whole = is_used.all(axis=1) | ~is_used.any(axis=1)
    check_column(folds, "file_name", whole, f"takes part in some splits alone: give {UNUSED} in all or none", path=path)
    known = folds["file_name"].isin(files["file_name"])
    check_column(folds, "file_name", known, "is not in the table of the recordings: delete the row", path=path)
    missing = files.loc[~files["file_name"].isin(folds["file_name"]), "file_name"]
    if len(missing):
        raise UserError(f"{path} lacks {missing.iloc[0]}: add its row, or draw folds by create_split_k_fold.py")
    return folds[["file_name", *columns]]


def split_columns(names: Iterable[str]) -> list[str]:
    """Columns of the splits among those of a table: all whose name holds "split", as in the original."""
    return [name for name in names if "split" in name]
