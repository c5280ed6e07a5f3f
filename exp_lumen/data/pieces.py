"""Recordings in pieces of the length that a network hears, stored once, as samples of 16 bit."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.labels.clip_store import ClipStore
from audiokit.labels.clip_store_creation import StoredClip, create_clip_store
from audiokit.sound.audio import load
from audiokit.storage.row_arrays import RowArray
from exp_lumen.data.clips import known_of, labels_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from audiokit.labels.clip_store_creation import ClipFeatures, Summary
    from exp_lumen.data.clips import LabelledClip

__all__ = [
    "KNOWN",
    "LABELS",
    "SCALE",
    "SOUND",
    "WaveformPieces",
    "create_clip_rows",
    "cut",
    "n_pieces",
    "open_store",
    "store_path",
]

SOUND, LABELS, KNOWN = "sound", "labels", "known"
SCALE = 32767
"""Of full scale, in samples of 16 bit."""

SHORTEST_REST = 400
"""Samples of a last piece below which it is left out, as in the original."""


def n_pieces(n_samples: int, length: int) -> int:
    """Pieces of a recording: one at least."""
    whole, rest = divmod(n_samples, length)
    return max(1, whole + (rest >= SHORTEST_REST))


def cut(sound: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Pieces one after the other, (n_pieces, length); the last one is completed from the beginning of the recording."""
    count = n_pieces(len(sound), length)
    return np.resize(sound, count * length).reshape(count, length)


@dataclass(frozen=True)
class WaveformPieces:
    """What the store holds of a recording (`audiokit.labels.clip_store_creation.ClipFeatures`)."""

    sample_rate: int
    """Hz"""
    length: int
    """Samples of a piece."""

    @property
    def arrays(self) -> dict[str, RowArray]:
        """A piece a row."""
        return {SOUND: RowArray((self.length,), f"full scale / {SCALE}", "int16")}

    def n_rows(self, n_samples: int, sample_rate: int) -> int:
        """Pieces of a recording with so many samples."""
        return n_pieces(math.ceil(n_samples * self.sample_rate / sample_rate), self.length) if n_samples else 0

    def __call__(self, path: Path) -> Mapping[str, NDArray]:
        """Pieces of a recording, divided by its peak."""
        pieces = cut(load(path, sample_rate=self.sample_rate), self.length)
        return {SOUND: np.rint(SCALE * pieces).astype(np.int16)}

    def description(self) -> dict[str, object]:
        """What tells these pieces from others."""
        return {"sample_rate": self.sample_rate, "length": self.length}


def store_path(folder: Path, name: str, clips: Sequence[LabelledClip]) -> Path:
    """Of what is stored of these clips, so that it is found again, and that of others lies beside it."""
    places = [str(clip.path.resolve()) for clip in clips]
    told = json.dumps([*zip(places, labels_of(clips).tolist(), known_of(clips).tolist(), strict=True)])
    return folder / f"{name}_{hashlib.sha256(told.encode()).hexdigest()[:8]}.h5"


def create_clip_rows(
    clips: Sequence[LabelledClip],
    path: Path,
    features: ClipFeatures,
    *,
    workers: int | None = None,
    skip_errors: bool = False,
) -> Summary:
    """Store what is made of clips, their pieces say, with their labels, or go on with it.

    Raises
    ------
    UserError
        where recordings cannot be read, unless these are to be left out, and what `create_clip_store` raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    summary = create_clip_store(
        path,
        [StoredClip(clip.path, str(clip.path)) for clip in clips],
        features,
        columns={LABELS: labels_of(clips), KNOWN: known_of(clips)},
        workers=workers,
        skip_errors=skip_errors,
    )
    if not summary.is_complete:
        reason = next(iter(summary.unreadable.values()))
        raise UserError(f"{len(summary.unreadable)} recordings cannot be read ({reason}): mend or leave them out")
    return summary


def open_store(path: Path) -> ClipStore:
    """A store that training makes."""
    return ClipStore(path, remedy="run train.py again")
