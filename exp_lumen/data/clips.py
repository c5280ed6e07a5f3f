"""A recording and what is known of it, and many of them as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from exp_lumen.instruments import CODES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["SUFFIXES", "LabelledClip", "find_recordings", "known_of", "labels_of"]

SUFFIXES = (".wav", ".mp3", ".ogg", ".flac")


@dataclass(frozen=True)
class LabelledClip:
    """A recording; labels that nobody has looked for are unknown, which is not absent."""

    path: Path
    labels: tuple[float, ...]
    """(11,), 1 where an instrument plays."""
    known: tuple[float, ...] = (1.0,) * len(CODES)
    """(11,), 1 where that is known, 0 where the label counts for nothing in training and measures."""
    song: str = ""
    """What must not be on both sides of a split."""


def labels_of(clips: Sequence[LabelledClip]) -> NDArray[np.float32]:
    """(n_clips, 11), 1 where an instrument plays."""
    return np.array([clip.labels for clip in clips], np.float32).reshape(-1, len(CODES))


def known_of(clips: Sequence[LabelledClip]) -> NDArray[np.float32]:
    """(n_clips, 11), 1 where the label is known."""
    return np.array([clip.known for clip in clips], np.float32).reshape(-1, len(CODES))


def find_recordings(folder: Path) -> list[Path]:
    """All recordings below a folder, sorted; hidden files are left out.

    Raises
    ------
    UserError
        where there is no such folder, or no recording in it.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: give one with recordings")
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not found:
        raise UserError(f"{folder} holds no recordings ({', '.join(SUFFIXES)}): give another folder")
    return found
