"""Which rows of a `ClipStore` each recording will have, by the headers of the files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from audiokit.labels.clip_store import ROWS
from audiokit.sound.headers import read_headers
from audiokit.storage.partial_rows import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from audiokit.sound.headers import Header
    from audiokit.storage.row_arrays import RowArray

__all__ = ["ClipFeatures", "PlannedClip", "StoredClip", "fingerprint", "plan"]


@dataclass(frozen=True)
class StoredClip:
    """A recording that is to be stored."""

    path: Path
    name: str
    """In the store."""


class ClipFeatures(Protocol):
    """Makes the rows of a recording; is sent to other processes."""

    arrays: Mapping[str, RowArray]
    """What a row holds."""

    def n_rows(self, n_samples: int, sample_rate: int) -> int:
        """Rows of a recording with that many samples at its own rate in Hz."""

    def __call__(self, path: Path) -> Mapping[str, NDArray]:
        """All rows of a recording, (n_rows, …) in each array.

        Raises
        ------
        UserError
            where it cannot be read.
        """

    def description(self) -> Mapping[str, object]:
        """Parameters, as JSON has them: with others the store is another one."""


@dataclass(frozen=True)
class PlannedClip(StoredClip):
    """A recording and its rows."""

    number: int
    """Among all that were asked for."""
    header: Header
    part: Part


def plan(clips: Sequence[StoredClip], features: ClipFeatures) -> tuple[list[PlannedClip], dict[str, str], list[str]]:
    """Give each recording its rows, by the headers; and names of the unreadable ones with the reason, of short ones."""
    planned: list[PlannedClip] = []
    unreadable: dict[str, str] = {}
    short: list[str] = []
    first_row = 0
    for number, (clip, header) in enumerate(zip(clips, read_headers([clip.path for clip in clips]), strict=True)):
        n_rows = 0 if header.problem else features.n_rows(header.n_samples, header.sample_rate)
        if header.problem:
            unreadable[clip.name] = header.problem
        elif n_rows == 0:
            short.append(clip.name)
        else:
            part = Part(len(planned), ROWS, first_row, n_rows)
            planned.append(PlannedClip(clip.path, clip.name, number, header, part))
            first_row += n_rows
    return planned, unreadable, short


def fingerprint(planned: Sequence[PlannedClip], columns: Mapping[str, Sequence]) -> str:
    """Tells whether a recording, or what is known of it, has changed."""
    rows = [(clip.name, clip.part.n_rows, clip.header.stamp) for clip in planned]
    values = {name: np.asarray(column).tolist() for name, column in columns.items()}
    return hashlib.sha256(json.dumps([rows, values]).encode()).hexdigest()
