"""Notes of what a download became, so that a later run can tell whether all of it is still there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from audiokit.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Manifest", "read_manifest"]


@dataclass(frozen=True)
class Manifest:
    """What a downloaded file became.

    Parameters
    ----------
    checksum
        what the download was checked against, as `md5:…`; None where nobody published one.
    kept
        whether the download itself was to stay.
    files
        what was unpacked: name below the folder of the dataset, with slashes → size in bytes.
    """

    checksum: str | None
    kept: bool
    files: dict[str, int]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(self.files.values())

    def holds(self, folder: Path) -> bool:
        """Whether all files are in the folder with the sizes that they had; their contents are not read."""
        return all(_size(folder / name) == size for name, size in self.files.items())

    def write(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        with write_whole(path) as unfinished:
            unfinished.write_text(json.dumps(asdict(self), indent=0), encoding="utf-8")


def read_manifest(path: Path) -> Manifest | None:
    """Read what `Manifest.write` wrote; None where it is missing or damaged."""
    try:
        return Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
