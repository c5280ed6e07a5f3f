"""Where a recording of a dataset lies: in one folder with all others, or in folders of that one."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

__all__ = ["recording_path"]


def recording_path(audio: Path, name: str) -> Path:
    """Path of a recording in a folder, or in one of the folders in that (`audio/fold1/`).

    Parameters
    ----------
    audio
    name
        of the file, unique in the dataset.

    Returns
    -------
    Path
        in `audio` itself where it is nowhere.
    """
    path = audio / name
    if path.is_file() or not audio.is_dir():
        return path
    return _below(audio, audio.stat().st_mtime_ns).get(name, path)


@lru_cache(maxsize=16)
def _below(audio: Path, changed: int) -> dict[str, Path]:
    """Files in the folders of a folder, by name; looked through again where that one has changed."""
    folders = sorted(entry.path for entry in os.scandir(audio) if entry.is_dir() and not entry.name.startswith("."))
    return {entry.name: Path(entry.path) for folder in reversed(folders) for entry in os.scandir(folder)}
