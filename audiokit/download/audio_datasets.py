"""The published datasets of recordings: which there are, where they come from and how they are laid out here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from audiokit.download.catalogues import read_tables
from audiokit.download.zenodo import file_url
from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from audiokit.download.zenodo import Published

__all__ = ["PublishedDataset", "RemoteFile", "read_catalogue", "record_files", "select"]

CATALOGUE = "audio_datasets.toml"
"""Of each experiment: what it needs."""


@dataclass(frozen=True)
class RemoteFile:
    """A file to download, whose fields `audio_datasets.toml` explains; `size` in bytes, None until the record says."""

    name: str
    url: str | None
    checksum: str | None = None
    size: int | None = None
    recordings: int | None = None
    holds: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    password: str | None = None

    @property
    def pieces(self) -> tuple[RemoteFile, ...]:
        """What is downloaded, one after the other: the file itself, or the parts that it is cut into."""
        if not self.parts:
            return (self,)
        return tuple(RemoteFile(self.name + suffix, self.url and self.url + suffix) for suffix in self.parts)


@dataclass(frozen=True)
class Durations:
    """A table of recordings, the column with their names, and the table to write that has their durations."""

    table: str
    name_column: str
    output: str


@dataclass(frozen=True)
class PublishedDataset:
    """A table of the catalogue, whose fields `audio_datasets.toml` explains."""

    name: str
    folder: str
    about: str
    unpacked: int
    files: tuple[RemoteFile, ...] = ()
    record: int | None = None
    inner: str = ""
    top: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    default: bool = False
    durations: Durations | None = None
    page: str = ""

    def place(self, path: PurePosixPath) -> PurePosixPath | None:
        """Where a file of an archive goes, below the folder of the dataset.

        Recordings go to `audio/`, out of the folds or parts that the archives have them in, as the experiments expect;
        but what lies in a folder that has a place of its own (`places`) goes there, as it is. Other files keep their
        place. Hidden files, which other systems leave in archives, are left out (None).
        """
        if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
            return None
        for folder, own in self.places:
            if path.is_relative_to(folder):
                return own / path.relative_to(folder)
        if path.suffix.lower() == ".wav":
            return PurePosixPath("audio", path.name)
        if path.name in self.top:
            return PurePosixPath(path.name)
        return path.relative_to(self.inner) if path.is_relative_to(self.inner) else path


def read_catalogue(path: str | Path | None = None) -> dict[str, PublishedDataset]:
    """Datasets by name.

    Parameters
    ----------
    path
        an `audio_datasets.toml`, at the head of which its fields are explained; None: those of all packages of the
        checkout.
    """
    return {name: _dataset(name, table) for name, table in read_tables(CATALOGUE, path)}


def _dataset(name: str, table: dict) -> PublishedDataset:
    files = tuple(_file(file, table.get("record")) for file in table.pop("files", ()))
    durations = table.pop("durations", None)
    return PublishedDataset(
        name=name,
        files=files,
        top=tuple(table.pop("top", ())),
        places=tuple(table.pop("places", {}).items()),
        durations=durations and Durations(**durations),
        **table,
    )


def _file(file: dict, record: int | None) -> RemoteFile:
    name = file["file"]
    return RemoteFile(
        name=name,
        url=file.get("url") or (file_url(record, name) if record else None),
        checksum=file.get("checksum"),
        size=file.get("size"),
        recordings=file.get("recordings"),
        holds=tuple(file.get("holds", ())),
        parts=tuple(file.get("parts", ())),
        password=file.get("password"),
    )


def record_files(record: int, published: Mapping[str, Published]) -> tuple[RemoteFile, ...]:
    """All files of a record, as it lists them.

    Raises
    ------
    UserError
        for a name that would lead elsewhere.
    """
    for name in published:
        if PurePosixPath(name.replace("\\", "/")).name != name or name.startswith("."):
            raise UserError(f"the record {record} lists a file {name!r}, which is no name of a file: tell its authors")
    return tuple(
        RemoteFile(name=name, url=file_url(record, name), checksum=checksum, size=size)
        for name, (size, checksum) in published.items()
    )


def select(names: Iterable[str] | None, catalogue: Mapping[str, PublishedDataset]) -> list[PublishedDataset]:
    """Datasets by their names or those of their folders, each once; the default ones for None or no name.

    Capitals do not matter.

    Raises
    ------
    UserError
        for a name that is neither.
    """
    if not names:
        return [dataset for dataset in catalogue.values() if dataset.default]
    known = {key.lower(): dataset for dataset in catalogue.values() for key in (dataset.folder, dataset.name)}
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        raise UserError(f"there is no dataset {unknown[0]!r}: there are {', '.join(catalogue)}")
    return list(dict.fromkeys(known[name.lower()] for name in names))
