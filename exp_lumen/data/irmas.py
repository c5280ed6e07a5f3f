"""IRMAS (Bosch et al., ISMIR 2012): training clips in a folder an instrument, test clips with a text file each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from exp_lumen.data.clips import LabelledClip, find_recordings
from exp_lumen.instruments import CODES, labels_of_codes

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["irmas_test_clips", "irmas_train_clips", "song_of_test_clip", "song_of_training_clip"]

PART = re.compile(r"\s*-\s*\d+$")
"""Of a song: the end of the name of a test clip."""

PIECE = re.compile(r"\]\s*(\d+)__\d+$")
"""Number of the song that a training clip is cut from, and of the piece, after the brackets."""


def irmas_train_clips(folder: Path) -> list[LabelledClip]:
    """Training clips: the label is the folder, since the code of clarinet in a name is that of classical music too.

    Only that one instrument is known to play, but as the original does, others count as absent. Of a random sample
    that the original's authors listened to again, 46 of 100 held more than one instrument.

    Raises
    ------
    UserError
        where the folder has no folders by the codes of instruments, or recordings outside of them.
    """
    clips = []
    for path in find_recordings(folder):
        code = path.parent.name
        if code not in CODES:
            raise UserError(f"{path} does not lie in a folder named by an instrument ({', '.join(CODES)})")
        clips.append(LabelledClip(path, tuple(labels_of_codes([code], where=path)), song=song_of_training_clip(path)))
    return clips


def irmas_test_clips(folder: Path) -> list[LabelledClip]:
    """Test clips: a text file of the same name has a code a line.

    Raises
    ------
    UserError
        where a text file is missing, empty or has something else in it.
    """
    clips = []
    for path in find_recordings(folder):
        table = path.with_suffix(".txt")
        if not table.is_file():
            raise UserError(f"{path} has no labels: there is no {table.name} beside it")
        codes = [line.strip() for line in table.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        if not codes:
            raise UserError(f"{table} names no instrument: write a code a line")
        clips.append(LabelledClip(path, tuple(labels_of_codes(codes, where=table)), song=song_of_test_clip(path)))
    return clips


def song_of_test_clip(path: Path) -> str:
    """Name of the song: that of the file without the number of the part, `(02) dont kill the whale-1` → `… whale`."""
    return PART.sub("", path.stem)


def song_of_training_clip(path: Path) -> str:
    """Number of the song with its instrument, since IRMAS cuts up to three clips from one; else the name itself."""
    found = PIECE.search(path.stem)
    return f"{path.parent.name}/{found[1]}" if found else path.stem
