"""Published datasets brought here, several at a time."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audiokit.cli import columns
from audiokit.download.audio_datasets import read_catalogue, select
from audiokit.download.local_dataset import LocalDataset
from audiokit.errors import UserError, in_one_line
from audiokit.files import make_folder
from audiokit.progress import byte_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from audiokit.download.audio_datasets import PublishedDataset

__all__ = ["Report", "describe", "download_datasets"]


@dataclass
class Report:
    """What came of a download: names of the datasets that are there, and of each other one the reason."""

    ready: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def noting(self, name: str) -> Iterator[None]:
        """Note what keeps a dataset from being had, and let the others go on."""
        try:
            yield
        except Exception as error:
            self.failures[name] = in_one_line(error, name)


def download_datasets(
    names: Iterable[str] | None = None,
    output: str | Path = ".",
    *,
    base_url: str | None = None,
    keep_archives: bool = False,
    catalogue: Mapping[str, PublishedDataset] | None = None,
    progress: bool = True,
) -> Report:
    """Bring datasets here; one that cannot be had does not keep the others from it.

    Whatever ends a call, the next one goes on from there. What is here already is looked over, by the sizes of all
    files, and no host is asked for it.

    Parameters
    ----------
    names
        of datasets; None: the default ones.
    output
        the folder in which each gets its own.
    base_url
        of a mirror, in place of the hosts: `<base_url>/records/<record>/files/<name>` as at Zenodo, best with the lists
        of their sizes and checksums, `<base_url>/api/records/<record>`; and
        `<base_url>/karolpiczak/ESC-50/archive/master.zip` as at GitHub.
    keep_archives
        do not delete archives once they are unpacked.
    catalogue
        the datasets that there are; None: those of `audio_datasets.toml`.
    progress
        show bars, of all downloads together and of each, where stderr is a terminal.

    Raises
    ------
    UserError
        for an unknown name, a folder that cannot be written to, or a disk with too little room; nothing is then begun.
    """
    chosen = select(names, catalogue or read_catalogue())
    output = make_folder(output)
    report, datasets = Report(), []
    for published in chosen:
        dataset = LocalDataset(published, output, base_url=base_url, keep_archives=keep_archives, progress=progress)
        with report.noting(published.name):
            dataset.ask_record()
            datasets.append(dataset)
    _check_room(datasets, output, keep_archives=keep_archives)
    _complete(datasets, report, progress=progress)
    return report


def _check_room(datasets: Sequence[LocalDataset], output: Path, *, keep_archives: bool) -> None:
    """Refuse to begin what the disk has no room for. Archives that are not kept are here one at a time."""
    packed = [size for dataset in datasets for size in dataset.bytes_to_download()]
    needed = sum(dataset.bytes_to_unpack() for dataset in datasets)
    needed += sum(packed) if keep_archives else max(packed, default=0)
    free = shutil.disk_usage(output).free
    if needed > free:
        raise UserError(
            f"about {needed / 1e9:.1f} GB are still to come to {output}, where {free / 1e9:.1f} GB are free: "
            "make room, name another folder with --output, or fewer datasets with --list"
        )


def _complete(datasets: Sequence[LocalDataset], report: Report, *, progress: bool) -> None:
    totals = [sum(map(dataset.size, dataset.missing)) for dataset in datasets]
    before = 0
    with byte_bar("all", sum(totals), progress=progress and any(totals)) as bar:
        for dataset, total in zip(datasets, totals, strict=True):
            with report.noting(dataset.published.name):
                dataset.complete(watch=lambda held, before=before: bar.update(before + held - bar.n))
                report.ready.append(dataset.published.name)
            before += total


def describe(datasets: Iterable[PublishedDataset], output: Path) -> str:
    """Write a table with a line for each dataset: how much of it is below the folder `output`, and what it is."""
    rows = [("name", "default", "here", "GB", "goes to", "about")]
    return columns(rows + [_row(dataset, output) for dataset in datasets])


def _row(dataset: PublishedDataset, output: Path) -> tuple[str, ...]:
    local = LocalDataset(dataset, output)
    total = len(local.files)
    here = total - len(local.missing)
    state = {total: "yes", 0: "no"}.get(here, f"{here} of {total} files")
    default = "yes" if dataset.default else ""
    return dataset.name, default, state, f"{dataset.unpacked / 1e9:.1f}", dataset.folder, dataset.about
