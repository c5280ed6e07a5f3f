"""Which second of which recording becomes which row of a dataset."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spectral_transcoder.datasets.dataset_split import Source

__all__ = ["Plan", "PlannedFile", "make_plan"]

COUNTING_THREADS = 8
"""Files whose headers are read at once: on network drives it is the waiting that takes time."""


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
    """Size in bytes and time of the last change in ns: the file is the same as long as they are."""


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


@dataclass(frozen=True)
class _Header:
    """What is known of a recording before it is decoded."""

    sample_rate: int = 1
    n_samples: int = 0
    stamp: tuple[int, int] = (0, 0)
    problem: str = ""


def make_plan(splits: Mapping[str, Sequence[Source]]) -> Plan:
    """Give each whole second of each recording a row, by the headers of the files."""
    files: list[PlannedFile] = []
    unreadable: dict[str, str] = {}
    short: list[str] = []
    with ThreadPoolExecutor(COUNTING_THREADS) as pool:
        for split, sources in splits.items():
            row = 0
            headers = pool.map(_read_header, [source.path for source in sources])
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


def _planned(index: int, source: Source, split: str, header: _Header, row: int) -> PlannedFile:
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


def _read_header(path: Path) -> _Header:
    import soundfile

    try:
        status = path.stat()
        info = soundfile.info(path)
    except OSError as error:
        return _Header(problem=f"cannot read {path} ({error.strerror})")
    except soundfile.LibsndfileError as error:
        return _Header(problem=f"cannot read {path} ({error.error_string.strip(' .')})")
    return _Header(info.samplerate, info.frames, (status.st_size, status.st_mtime_ns))
