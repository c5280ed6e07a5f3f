"""Folders of batch scripts: written anew without harm to what a user has made of them.

The last line of a script holds a checksum of all above it. So a script can be told from one that was edited since, or
that somebody else wrote.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import make_folder, whole_files, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["find_scripts", "is_untouched", "write_scripts"]

MARK = "# SHA-256 of the lines above, to tell whether they were edited: "


def write_scripts(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write batch scripts in place of those of an earlier call.

    Parameters
    ----------
    folder
        is made where it is missing.
    texts
        name of the file → text

    Returns
    -------
    list
        of their paths.

    Raises
    ------
    UserError
        where the folder holds a batch script that was edited, or that is not ours; nothing is written then.
    """
    make_folder(folder)
    earlier = find_scripts(folder)
    foreign = [path for path in earlier if not is_untouched(path)]
    if foreign:
        raise UserError(
            f"{', '.join(map(str, foreign))} was edited or put there by somebody: move it away, or name another folder "
            "with --output"
        )
    for path in earlier:
        path.unlink()
    paths = [folder / name for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        with write_whole(path) as partial:
            partial.write_text(f"{text}{MARK}{_checksum(text)}\n", encoding="utf-8")
    return paths


def is_untouched(path: Path) -> bool:
    """Whether a script is as `write_scripts` has left it."""
    text, mark, checksum = path.read_text(encoding="utf-8", errors="replace").rpartition(MARK)
    return bool(mark) and checksum.strip() == _checksum(text)


def find_scripts(folder: Path) -> list[Path]:
    """Batch scripts of a folder, by name."""
    return whole_files(folder.glob("*.slurm"))


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
