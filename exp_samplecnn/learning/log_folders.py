"""Folders of trainings in `log/`: one that was stopped is gone on with, another one begun."""

from __future__ import annotations

import glob
import json
from datetime import datetime
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import make_folder, whole_files, write_whole
from audiokit.storage.journal import differences

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["RECORDINGS", "begin", "check_options", "training_folder"]

RECORDINGS = "recordings"
"""Name of the option that tells what is trained on, and measured with, from other recordings and labels."""

OPTIONS = "training.json"
"""What tells a training from another, in its folder."""


def training_folder(logs: Path, name: str, options: Mapping[str, object], *, new: bool = False) -> tuple[Path, bool]:
    """Folder of a training, and whether it was begun before.

    Parameters
    ----------
    logs
        the folder `log/`.
    name
        of the dataset and the training; the date comes before it.
    options
        all that must be the same for a training to be gone on with.
    new
        begin another one though there is one that could be gone on with.

    Raises
    ------
    UserError
        where the folder cannot be made.
    """
    if "/" in name or "\\" in name:
        raise UserError(f"{name} cannot be the name of a folder: leave out slashes")
    wanted = json.loads(json.dumps(options))
    folders = sorted(logs.glob(f"*-{glob.escape(name)}"))
    begun = [] if new else [path for path in folders if _is_begun(path, wanted)]
    if begun:
        return begun[-1], True
    folder = logs / f"{datetime.now():%Y%m%d_%H%M%S}-{name}"
    if _options_of(folder) is not None:
        raise UserError(f"{folder} is there already: wait a second, or give another name")
    make_folder(folder)
    begin(folder, options)
    return folder, False


def begin(folder: Path, options: Mapping[str, object]) -> None:
    """Write down what a training is begun with, or refuse to go on with another one in its folder.

    Raises
    ------
    UserError
        as `check_options`.
    """
    if _options_of(folder) is not None:
        check_options(folder, options)
        return
    with write_whole(folder / OPTIONS) as partial:
        partial.write_text(json.dumps(options, indent=2), encoding="utf-8")


def check_options(folder: Path, options: Mapping[str, object]) -> None:
    """Refuse a training that was begun otherwise; what was not written down of it is taken for the same.

    Raises
    ------
    UserError
        where the folder is of a training with other options, or of other recordings.
    """
    there, wanted = _single_options(_options_of(folder)), _single_options(json.loads(json.dumps(options)))
    known = {name: there.get(name, value) for name, value in wanted.items()}
    if known != wanted:
        raise UserError(
            f"{folder} is of a training with other options ({differences(known, wanted)}): use the same, another "
            "folder, or delete it"
        )


def _single_options(options: object) -> dict[str, object]:
    """Options without the groups that they are in."""
    single = {}
    for name, value in options.items() if isinstance(options, dict) else ():
        single |= value if isinstance(value, dict) else {name: value}
    return single


def _is_begun(folder: Path, wanted: Mapping[str, object]) -> bool:
    """Whether a folder is of a training with the same options that has not ended."""
    return _options_of(folder) == wanted and not whole_files(folder.glob("final-*"))


def _options_of(folder: Path) -> object:
    """What is written down, or None."""
    try:
        return json.loads((folder / OPTIONS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
