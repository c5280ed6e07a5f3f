"""What a file of tags was made with, by which a second run knows what is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from audiokit.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["is_recorded", "write_record"]

FILES = "files"
"""Key of the record: name of each file that was made → its size in bytes."""


def write_record(settings: dict, written: Sequence[Path], record: Path) -> None:
    """Write down what was made, and with what."""
    files = {path.name: path.stat().st_size for path in written}
    with write_whole(record) as partial:
        partial.write_text(json.dumps(settings | {FILES: files}, indent=1), encoding="utf-8")


def is_recorded(settings: dict, record: Path) -> bool:
    """Whether all was made with the same settings, and is there with the sizes that it had."""
    try:
        made = json.loads(record.read_text(encoding="utf-8"))
        files = made.pop(FILES)
        sizes = {name: record.with_name(name).stat().st_size for name in files}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return False
    return made == settings and sizes == files
