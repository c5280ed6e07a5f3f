"""Which second of which recording becomes which row of a dataset."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audiokit.sound.headers import read_headers
from audiokit.storage.partial_rows import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from audiokit.sound.headers import Header
    from spectral_transcoder.datasets.dataset_split import Source

__all__ = ["Plan", "PlannedFile", "make_plan"]


@dataclass(frozen=True)
class PlannedFile:
    """A recording and its rows."""

    index: int
    """In the plan."""
    path: Path
    name: str
    scene: str
    split: str
    sample_rate: int
    """Hz, of the file."""
    first_row: int
    """In the split."""
    n_chunks: int
    """Whole seconds, by the header."""
    stamp: tuple[int, int]
    """As `audiokit.files.stamp`."""

    @property
    def part(self) -> Part:
        """Its rows."""
        return Part(self.index, self.split, self.first_row, self.n_chunks)


@dataclass(frozen=True)
class Plan:
    """All recordings of a dataset that last a second at least."""

    files: tuple[PlannedFile, ...]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Name → reason."""
    short: tuple[str, ...] = ()
    """Names of recordings below one second."""

    @property
    def fingerprint(self) -> str:
        """Tells whether any file has changed."""
        rows = [(file.name, file.scene, file.split, file.n_chunks, file.stamp) for file in self.files]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def make_plan(splits: Mapping[str, Sequence[Source]]) -> Plan:
    """Give each whole second of each recording a row, by the headers of the files."""
    files: list[PlannedFile] = []
    unreadable: dict[str, str] = {}
    short: list[str] = []
    for split, sources in splits.items():
        row = 0
        headers = read_headers([source.path for source in sources])
        for source, header in zip(sources, headers, strict=True):
            n_chunks = header.n_samples // header.sample_rate
            if header.problem:
                unreadable[source.name] = header.problem
            elif n_chunks == 0:
                short.append(source.name)
            else:
                files.append(_planned(len(files), source, split, header, row))
                row += n_chunks
    return Plan(tuple(files), unreadable, tuple(short))


def _planned(index: int, source: Source, split: str, header: Header, row: int) -> PlannedFile:
    return PlannedFile(
        index=index,
        path=source.path,
        name=source.name,
        scene=source.scene,
        split=split,
        sample_rate=header.sample_rate,
        first_row=row,
        n_chunks=header.n_samples // header.sample_rate,
        stamp=header.stamp,
    )
