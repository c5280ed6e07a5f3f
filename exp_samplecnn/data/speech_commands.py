"""Speech Commands (Warden, arXiv:1804.03209), or words of one's own in its layout: a folder a word."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.sound.suffixes import audio_suffixes
from exp_samplecnn.data.clips import TEST, TRAIN, VAL, Clips

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LISTS", "read_speech_commands"]

LISTS = {VAL: "validation_list.txt", TEST: "testing_list.txt"}
"""By split; each line is the path of a recording. What is in neither is trained on."""


def read_speech_commands(raw: Path) -> Clips:
    """All recordings of all words, which are the folders in alphabetical order; those with `_` in front are none.

    A folder without a recording is named on stderr.

    Parameters
    ----------
    raw
        folder of the words and of the two lists.

    Raises
    ------
    UserError
        where there are not two words or more, or a list is missing, names what is not there, or what the other has.
    """
    folders = sorted(folder for folder in raw.glob("*/") if not folder.name.startswith(("_", ".")))
    paths = [path for folder in folders for path in _recordings(folder)]
    words = sorted({path.parent.name for path in paths})
    for folder in folders:
        if folder.name not in words:
            print(f"{folder} holds no recording, so it is no word", file=sys.stderr)
    if len(words) < 2:
        raise UserError(
            f"{raw} has {len(words)} folders of recordings, where each word to tell apart should be one: "
            "get Speech Commands by download_datasets.py --list SpeechCommands, or name its folder with --data-dir"
        )
    names = [f"{path.parent.name}/{path.name}" for path in paths]
    split_of = {name: split for split in LISTS for name in _read_list(raw, split, set(names))}
    targets = np.zeros((len(names), len(words)), np.uint8)
    targets[np.arange(len(names)), [words.index(path.parent.name) for path in paths]] = 1
    return Clips(words, names, paths, targets, [split_of.get(name, TRAIN) for name in names])


def _recordings(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    return [path for path in files if path.suffix.lower() in audio_suffixes()]


def _read_list(raw: Path, split: str, there: set[str]) -> list[str]:
    path = raw / LISTS[split]
    try:
        names = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}, which tells what is not to be trained on: get it anew") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a list of recordings as text ({error}): get it anew") from error
    names = [name.strip() for name in names if name.strip()]
    absent = [name for name in names if name not in there]
    if absent:
        raise UserError(f"{path} names {len(absent)} recordings that are not there, {absent[0]} first: get them anew")
    if split == TEST and (both := set(names) & set(_read_list(raw, VAL, there))):
        raise UserError(f"{path} and {LISTS[VAL]} both name {min(both)}: a recording is for one of them")
    return names
