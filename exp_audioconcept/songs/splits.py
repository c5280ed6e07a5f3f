"""Which songs a model learns from, is chosen by, and is tested on: the same for every model that is compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from exp_audioconcept.songs.fault_filtered import fault_filtered_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["SPLITS", "Split", "split_songs"]

SPLITS = ("published", "stratified", "filtered", "grouped")
TEST_SHARE = 0.2
VALID_SHARE = 0.125
"""Of what is not tested on, for models that are chosen by songs of their own."""

PUBLISHED_SEED = 42
FEWEST_LEARNED = 2


@dataclass(frozen=True)
class Split:
    """Positions of songs, each in one part at most."""

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]

    @property
    def learned(self) -> NDArray[np.int64]:
        """Those to learn from and those to choose by, in the order of the published split."""
        return np.concatenate([self.train, self.valid])


def split_songs(
    kind: str, *, names: Sequence[str], genres: Sequence[str], groups: Sequence[str] | None = None, seed: int = 0
) -> Split:
    """Split a collection.

    Parameters
    ----------
    kind
        published: 80 to 20 at random with the original's seed, artists and copies of a song on both sides;
        stratified: the same with as large a share of every genre, by `seed`;
        filtered: the fault-filtered lists of GTZAN, which know no chance;
        grouped: a fifth of the groups of every genre, none on two sides, by `seed`.
    names : (n,)
        of the files: `blues.00000.wav`.
    genres : (n,)
    groups : (n,)
        artist, album or piece, for `grouped`.

    Raises
    ------
    UserError
        where a genre has too few songs or groups, or the lists name none of these songs.
    """
    genres = np.asarray(genres)
    split = _split(kind, names, genres, groups, seed)
    _check_learned(split, genres, kind)
    return split


def _split(kind: str, names: Sequence[str], genres: NDArray, groups: Sequence[str] | None, seed: int) -> Split:
    if kind == "filtered":
        return _filtered(names)
    if kind == "grouped":
        if groups is None:
            raise UserError("no artist or album is known: name a table with --groups, or take --split stratified")
        return _grouped(genres, np.asarray(groups), seed)
    if kind not in SPLITS:
        raise UserError(f"there is no split {kind!r}: choose one of {', '.join(SPLITS)}")
    return _random(genres, seed=PUBLISHED_SEED if kind == "published" else seed, stratified=kind == "stratified")


def _check_learned(split: Split, genres: NDArray, kind: str) -> None:
    """Refuse a split in which a genre cannot be learned.

    One song is needed to learn from, and two with those to choose by, for cross-validation learns from a part of both.
    """
    for genre in np.unique(genres):
        n_train = np.count_nonzero(genres[split.train] == genre)
        n_learned = np.count_nonzero(genres[split.learned] == genre)
        if n_train < 1 or n_learned < FEWEST_LEARNED:
            raise UserError(
                f"the split {kind} leaves {n_train} songs of {genre} to learn from and {n_learned - n_train} to choose "
                "by: give more of them, or take --split stratified"
            )


def _random(genres: NDArray, *, seed: int, stratified: bool) -> Split:
    from sklearn.model_selection import train_test_split

    fewest = np.unique(genres, return_counts=True)[1].min()
    if stratified and fewest < 3:
        raise UserError(f"a genre has {fewest} songs: give at least 3 of each")
    n_genres = len(np.unique(genres))
    n_test = math.ceil(TEST_SHARE * len(genres))
    learned, test = train_test_split(
        np.arange(len(genres)),
        test_size=max(n_genres, n_test) if stratified else n_test,
        random_state=seed,
        stratify=genres if stratified else None,
    )
    n_valid = max(n_genres, round(VALID_SHARE * len(learned)))
    if not stratified:
        return Split(learned[:-n_valid], learned[-n_valid:], test)
    train, valid = train_test_split(learned, test_size=n_valid, random_state=seed, stratify=genres[learned])
    return Split(train, valid, test)


def _filtered(names: Sequence[str]) -> Split:
    place = {name: index for index, name in enumerate(names)}
    parts = {
        part: np.array([place[name] for name in listed if name in place], np.int64)
        for part, listed in fault_filtered_names().items()
    }
    if empty := [part for part, members in parts.items() if not len(members)]:
        raise UserError(
            f"the fault-filtered lists are of GTZAN, and none of their songs to {empty[0]} is here: "
            "take --split stratified"
        )
    return Split(**parts)


def _grouped(genres: NDArray, groups: NDArray, seed: int) -> Split:
    """A fifth of the groups of each genre to test, an eighth of the others, at least one, to choose by."""
    random = np.random.default_rng(seed)
    chosen: dict[str, list[str]] = {"test": [], "valid": []}
    for genre in np.unique(genres):
        own = random.permutation(np.unique(groups[genres == genre]))
        if len(own) < 3:
            raise UserError(f"{genre} has {len(own)} artists or albums: give at least 3, or take --split stratified")
        n_test = max(1, round(TEST_SHARE * len(own)))
        n_valid = max(1, round(VALID_SHARE * (len(own) - n_test)))
        chosen["test"] += own[:n_test].tolist()
        chosen["valid"] += own[n_test : n_test + n_valid].tolist()
    # A group of two genres is where it was drawn first: tested on before chosen by.
    tested = np.isin(groups, chosen["test"])
    valid = np.isin(groups, chosen["valid"]) & ~tested
    return Split(*(np.flatnonzero(part) for part in (~tested & ~valid, valid, tested)))
