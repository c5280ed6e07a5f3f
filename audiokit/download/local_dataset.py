"""A published dataset in its folder here: what of it is missing, and how that is brought, checked and laid out."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from audiokit.download.archives import RefusedArchive, is_archive, join, move_files, unpack
from audiokit.download.audio_datasets import record_files
from audiokit.download.fetching import bytes_here, fetch, mirrored
from audiokit.download.manifests import Manifest, read_manifest
from audiokit.download.zenodo import kept_list, published_files
from audiokit.errors import DISK_FULL, UserError
from audiokit.files import make_folder
from audiokit.progress import byte_bar
from audiokit.sound.durations import add_durations
from audiokit.storage.holding import hold, remove_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from audiokit.download.audio_datasets import PublishedDataset, RemoteFile
    from audiokit.download.zenodo import Published

__all__ = ["LocalDataset"]


class LocalDataset:
    """A dataset in its folder here, or on its way there.

    Archives, whole or in part, what is unpacked of one that is not finished, and the manifests of those that are lie in
    `downloads/` in the folder of the dataset.

    Parameters
    ----------
    published
        the dataset.
    output
        the folder below which its own lies.
    base_url
        of a mirror, in place of the hosts.
    keep_archives
        do not delete archives once they are unpacked.
    progress
        show bars, where stderr is a terminal.

    Attributes
    ----------
    files : tuple of RemoteFile
        what there is to download; none while only the record knows, and has not been asked.
    missing : list of RemoteFile
        what was still to be downloaded and unpacked when this object was made.
    """

    def __init__(
        self,
        published: PublishedDataset,
        output: Path,
        *,
        base_url: str | None = None,
        keep_archives: bool = False,
        progress: bool = True,
    ) -> None:
        self.published = published
        self.folder = output / published.folder
        self.downloads = self.folder / "downloads"
        self.base_url = base_url
        self.keep_archives = keep_archives
        self.progress = progress
        self._look_over(published.files or self._listed())

    def _listed(self) -> tuple[RemoteFile, ...]:
        """Files of a record that nobody else lists, once it has been asked."""
        record = self.published.record
        return record_files(record, kept_list(record, self.downloads)) if record else ()

    def _look_over(self, files: Sequence[RemoteFile]) -> None:
        self.files = tuple(files)
        self._here = {file.name: manifest for file in self.files if (manifest := self._manifest(file))}
        self.missing = [file for file in self.files if file.name not in self._here]

    def _manifest(self, file: RemoteFile) -> Manifest | None:
        """What the file became, if all of that is still here."""
        manifest = read_manifest(self._manifest_path(file))
        fits = manifest and file.checksum in (None, manifest.checksum) and manifest.holds(self.folder)
        return manifest if fits else None

    def _manifest_path(self, file: RemoteFile) -> Path:
        return self.downloads / f"{file.name}.json"

    def ask_record(self) -> None:
        """Learn the sizes and checksums that the record publishes of the missing files, or which files there are.

        Raises
        ------
        UserError
            where the record cannot be asked and nothing else tells a checksum, or where it tells another one.
        """
        if self.published.record is None or (self.files and not self.missing):
            return
        make_folder(self.downloads)
        try:
            published = published_files(self.published.record, self.downloads, base_url=self.base_url)
        except UserError:
            if self.files and all(file.checksum for file in self.missing):
                return
            raise
        if not self.files:
            self._look_over(record_files(self.published.record, published))
        self.missing = [_with_published(file, published) for file in self.missing]

    def size(self, file: RemoteFile) -> int:
        """Bytes of a file to download; where nobody tells, its share of what will be unpacked."""
        return file.size if file.size is not None else self.published.unpacked // len(self.files)

    def bytes_to_download(self) -> list[int]:
        """Of each missing file; one that comes in parts is on the disk twice while they are joined."""
        return [max(0, self.size(file) * (2 if file.parts else 1) - self._bytes_here(file)) for file in self.missing]

    def _bytes_here(self, file: RemoteFile) -> int:
        return sum(bytes_here(self.downloads / one.name) for one in {file, *file.pieces})

    def bytes_to_unpack(self) -> int:
        """Of all missing files together, about."""
        if not self.missing:
            return 0
        begun = (path for file in self.missing for path in self._unfinished(file).rglob("*") if path.is_file())
        here = sum(manifest.size for manifest in self._here.values()) + sum(path.stat().st_size for path in begun)
        return max(0, self.published.unpacked - here)

    def _unfinished(self, file: RemoteFile) -> Path:
        return self.downloads / f"{file.name}.files.part"

    def complete(self, watch: Callable[[int], object]) -> None:
        """Download and unpack what is missing, one file after another, and make the tables that the experiments need.

        Parameters
        ----------
        watch
            told how many bytes of the missing files are here.

        Raises
        ------
        UserError
            where a file cannot be had or is not the one expected, or the folder cannot be written to.
        """
        if not self.missing and not self._durations_are_missing():
            self._tidy()
            return
        with _failing_clearly():
            make_folder(self.downloads)
            with hold(self.folder, wait=True):
                remove_parts(self.downloads)
                self._complete(watch)

    def _complete(self, watch: Callable[[int], object]) -> None:
        before = 0
        absent = [file.name for file in self.missing if not (file.url or (self.downloads / file.name).is_file())]
        for file in self.missing:
            if (
                file.name not in absent and self._manifest(file) is None
            ):  # another process may have brought it meanwhile
                self._bring(file, lambda held, before=before: watch(before + held))
            before += self.size(file)
            watch(before)
        self._tidy()
        if absent:
            raise UserError(
                f"{', '.join(absent)} have no address that is known here: get them from {self.published.page}, put "
                f"them into {self.downloads}, and run again"
            )
        self._measure_durations()

    def _bring(self, file: RemoteFile, watch: Callable[[int], object]) -> None:
        path = self._fetch(file, watch)
        if self.published.durations:  # to be measured anew
            (self.folder / self.published.durations.output).unlink(missing_ok=True)
        sizes = self._unpack(file, path) if is_archive(file.name) else self._put(path)
        Manifest(file.checksum, self.keep_archives, sizes).write(self._manifest_path(file))
        if not self.keep_archives:
            path.unlink(missing_ok=True)

    def _fetch(self, file: RemoteFile, watch: Callable[[int], object]) -> Path:
        """The file in `downloads/`, whole and checked."""
        path = self.downloads / file.name
        is_joined = bool(file.parts) and path.is_file()
        before = 0
        for piece in () if is_joined else file.pieces:
            piece_path = self.downloads / piece.name
            if piece.url:
                self._fetch_piece(piece, piece_path, lambda held, before=before: watch(before + held))
            before += piece_path.stat().st_size
        if file.parts:
            parts = [self.downloads / piece.name for piece in file.pieces]
            if not is_joined:
                join(parts, path)
            for part in parts:
                part.unlink(missing_ok=True)
        return path

    def _fetch_piece(self, piece: RemoteFile, path: Path, watch: Callable[[int], object]) -> None:
        url = mirrored(piece.url, self.base_url)
        fetch(url, path, checksum=piece.checksum, size=piece.size, progress=self.progress, watch=watch)

    def _put(self, path: Path) -> dict[str, int]:
        size = path.stat().st_size
        path.replace(self.folder / path.name)
        return {path.name: size}

    def _unpack(self, file: RemoteFile, archive: Path) -> dict[str, int]:
        unfinished = self._unfinished(file)
        try:
            with byte_bar(f"unpacking {archive.name}", archive.stat().st_size, progress=self.progress) as bar:
                sizes = unpack(
                    archive,
                    unfinished,
                    place=self.published.place,
                    password=file.password,
                    watch=lambda done: bar.update(done - bar.n),
                )
            _check_contents(file, archive, sizes)
        except RefusedArchive as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            archive.unlink()
            raise UserError(f"{error}: it is deleted; run again to download it anew") from error
        move_files(sizes, unfinished, self.folder)
        shutil.rmtree(unfinished, ignore_errors=True)
        return sizes

    def _tidy(self) -> None:
        """Delete what an earlier run had unpacked but had no time to delete."""
        for name, manifest in self._here.items():
            if not manifest.kept:
                (self.downloads / name).unlink(missing_ok=True)

    def _durations_are_missing(self) -> bool:
        wanted = self.published.durations
        return wanted is not None and not (self.folder / wanted.output).exists()

    def _measure_durations(self) -> None:
        wanted = self.published.durations
        if self._durations_are_missing():
            add_durations(
                self.folder / wanted.table,
                self.folder / "audio",
                self.folder / wanted.output,
                name_column=wanted.name_column,
                progress=self.progress,
            )


def _with_published(file: RemoteFile, published: Mapping[str, Published]) -> RemoteFile:
    """A file with the size and checksum that its record publishes."""
    if file.name not in published:
        raise UserError(f"the record of {file.url} lists no such file: it may have been replaced by another version")
    size, checksum = published[file.name]
    if file.checksum not in (None, checksum):
        raise UserError(f"the record of {file.url} lists {checksum}, where {file.checksum} was published")
    return replace(file, size=size, checksum=checksum)


def _check_contents(file: RemoteFile, archive: Path, sizes: Mapping[str, int]) -> None:
    """Refuse an archive without a published checksum that does not hold what it should."""
    recordings = sum(name.startswith("audio/") for name in sizes)
    if file.recordings not in (None, recordings):
        raise RefusedArchive(f"{archive} holds {recordings} recordings in place of {file.recordings}")
    for name in file.holds:
        if name not in sizes:
            raise RefusedArchive(f"{archive} holds no {name}")


@contextmanager
def _failing_clearly() -> Iterator[None]:
    """Say in one line what the system refuses; a full disk ends everything."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        raise UserError(f"cannot write {error.filename} ({error.strerror}): mend that and run again") from error
