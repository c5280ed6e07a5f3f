"""Songs of a collection as any kind of model takes them; what is made of them is made once."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.paths import ROOT
from exp_audioconcept.places import STORES
from exp_audioconcept.songs.collection import group_of, read_collection, read_groups
from exp_audioconcept.songs.splits import split_songs
from exp_audioconcept.songs.store import GENRE, make_store, store_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from exp_audioconcept.classifiers.learned import Material
    from exp_audioconcept.classifiers.network.training import NetworkSettings
    from exp_audioconcept.song_features.table import FeatureTable
    from exp_audioconcept.songs.collection import Song
    from exp_audioconcept.songs.splits import Split

__all__ = ["Source", "split_of"]


@dataclass(frozen=True)
class Source:
    """Where songs come from."""

    folder: Path
    """With a folder of songs for each genre."""
    table: Path | None = None
    """Features that are taken from a file, and not from the songs."""
    groups: Path | None = None
    """Table of what must not be split."""
    stores: Path = STORES
    teachers: Path = ROOT
    """Folder of the teachers' weights."""
    workers: int | None = None
    skip_errors: bool = False
    paper: bool = False
    """Protocol of the published SVM."""
    _told: dict = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def songs(self) -> list[Song]:
        """All songs of the folder."""
        return read_collection(self.folder, groups=read_groups(self.groups) if self.groups else None)

    @contextmanager
    def material(
        self,
        kind: str,
        *,
        network: NetworkSettings | None = None,
        teacher: str = "",
        device: str = "cpu",
        scalars: Callable[[str, float, int], None] | None = None,
    ) -> Iterator[Material]:
        """Songs for a kind of model; what is not there yet is made of them."""
        if kind == "SVM":
            yield self._features()
            return
        from audiokit.labels.clip_store import ClipStore

        if kind == "head":
            from exp_audioconcept.classifiers.head.material import HeadMaterial

            with ClipStore(self.embedding_store(teacher)) as store:
                yield HeadMaterial(store, teacher)
            return
        from exp_audioconcept.classifiers.network.material import NetworkMaterial

        with ClipStore(self.sound_store()) as store:
            yield NetworkMaterial(store, network, device, scalars)

    def _features(self) -> Material:
        from exp_audioconcept.classifiers.svm.material import SvmMaterial
        from exp_audioconcept.song_features.table import read_feature_table

        if self.table:
            table = read_feature_table(self.table, keep_damaged=self.paper)
            return SvmMaterial(table, self._groups_of(table), self.paper, self.workers)
        table = self.feature_table()
        return SvmMaterial(table, [song.group for song in self._kept(table.names)], self.paper, self.workers)

    def _groups_of(self, table: FeatureTable) -> list[str]:
        """Artists of the songs of a table; empty texts where nothing tells them."""
        if self.groups is None:
            return [""] * len(table.names)
        groups = read_groups(self.groups)
        return [group_of(name, genre, groups) for name, genre in zip(table.names, table.genres, strict=True)]

    def _kept(self, names: tuple[str, ...]) -> list[Song]:
        by_name = {song.name: song for song in self.songs}
        return [by_name[name] for name in names]

    def feature_table(self) -> FeatureTable:
        """Features of all songs, from their sound."""
        from audiokit.labels.clip_store import ClipStore
        from exp_audioconcept.song_features.extraction import FEATURES, SongFeatures
        from exp_audioconcept.song_features.names import FEATURE_NAMES
        from exp_audioconcept.song_features.table import FeatureTable

        with ClipStore(self._store("features", SongFeatures())) as store:
            genres = tuple(store.columns[GENRE].tolist())
            return FeatureTable(tuple(store.names), genres, FEATURE_NAMES, np.array(store.array(FEATURES)))

    def sound_store(self) -> Path:
        """Sound and spectrograms of all songs."""
        from exp_audioconcept.songs.sound import SongSound

        return self._store("sound", SongSound())

    def embedding_store(self, teacher: str) -> Path:
        """A teacher's vectors of all songs."""
        from exp_audioconcept.songs.embeddings import SongEmbeddings, embedding_size, teacher_of

        loaded = teacher_of(teacher, self.teachers)
        features = SongEmbeddings(loaded.name, embedding_size(loaded), self.teachers)
        return self._store(f"{loaded.name}_embeddings", features)

    def _store(self, kind: str, features: object) -> Path:
        path = store_path(self.stores, self.songs, kind)
        return make_store(path, self.songs, features, workers=self.workers, skip_errors=self.skip_errors)


def split_of(
    kind: str, *, names: Sequence[str], genres: Sequence[str], groups: Sequence[str], seed: int
) -> tuple[str, Split]:
    """The split of songs, and its kind.

    `auto` is by artist where artists are known, by the lists for GTZAN, else stratified.

    Parameters
    ----------
    names, genres, groups : (n_songs,)
        as a `Material` has them.

    Raises
    ------
    UserError
        where it cannot be made.
    """
    files = [name.rpartition("/")[2] for name in names]
    known = groups if all(groups) else None
    if kind == "auto":
        kind = "grouped" if known else _listed(files, genres)
    return kind, split_songs(kind, names=files, genres=genres, groups=known, seed=seed)


def _listed(files: Sequence[str], genres: Sequence[str]) -> str:
    """`filtered` where the fault-filtered lists have songs of each genre here, else `stratified`."""
    try:
        split_songs("filtered", names=files, genres=genres)
    except UserError:
        return "stratified"
    return "filtered"
