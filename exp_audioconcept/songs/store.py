"""What models learn from, made once of each song by all cores, and kept in a file."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import make_folder
from audiokit.labels.clip_store import ClipStore
from audiokit.labels.clip_store_creation import StoredClip, create_clip_store, outdated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from audiokit.labels.clip_store_creation import ClipFeatures
    from exp_audioconcept.songs.collection import Song

__all__ = ["GENRE", "GROUP", "make_store", "store_path"]

GENRE, GROUP = "genre", "group"
"""Columns of the store."""

MOST_UNUSABLE = 0.02
"""Share of the songs that may be unreadable or silent; one always may. More looks like a wrong folder."""
TOLD = 5


def store_path(folder: Path, songs: Sequence[Song], kind: str) -> Path:
    """Where the store of a collection is: other songs, or other artists, have another one."""
    told = "\n".join(f"{song.path.resolve()}\t{song.genre}\t{song.group}" for song in songs)
    return folder / f"{kind}_{hashlib.sha256(told.encode()).hexdigest()[:12]}.h5"


def make_store(
    path: Path,
    songs: Sequence[Song],
    features: ClipFeatures,
    *,
    workers: int | None = None,
    skip_errors: bool = False,
) -> Path:
    """Make a store, or go on with it; one of songs that have changed since is made anew.

    Parameters
    ----------
    workers
        processes; one for each core by default.
    skip_errors
        leave out any number of songs that cannot be used.

    Raises
    ------
    UserError
        where more than a few songs cannot be used.
    """
    clips = [StoredClip(song.path, song.name) for song in songs]
    columns = {GENRE: [song.genre for song in songs], GROUP: [song.group for song in songs]}
    if path.is_file():
        if not (reason := outdated(path, clips, features, columns=columns)):
            _tell_lost(path, songs)
            return path
        print(f"{path} is made anew: {reason}", file=sys.stderr)
        path.unlink()
    make_folder(path.parent)
    summary = create_clip_store(path, clips, features, columns=columns, workers=workers, skip_errors=True)
    lost = [*summary.unreadable.values(), *(f"{name} is too short" for name in summary.short)]
    for line in lost[:TOLD]:
        print(f"left out: {line}", file=sys.stderr)
    if not skip_errors and len(lost) > max(1, MOST_UNUSABLE * len(songs)):
        path.unlink(missing_ok=True)
        raise UserError(
            f"{len(lost)} of {len(songs)} songs cannot be used ({lost[0]}): look at them, or leave them out with "
            "--skip_errors"
        )
    return path


def _tell_lost(path: Path, songs: Sequence[Song]) -> None:
    """Say which songs a store that was made before could not hold."""
    with ClipStore(path) as store:
        stored = {*store.names}
    if lost := [song.name for song in songs if song.name not in stored]:
        print(f"{len(lost)} of {len(songs)} songs cannot be used and are left out, {lost[0]} first", file=sys.stderr)
