"""What results were made of, in a note beside them, so that they are known to be stale when that has changed.

Times alone would not do: who copies a dataset to another disk makes it younger than all that was made of it, and who
puts the weights of another network in the place of the old ones may make them older. A note holds the digest of each
origin, and its stamp, so that nothing is read again as long as the file is the same.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import sha256, stamp, write_whole
from audiokit.storage.wholeness import is_made

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

__all__ = ["Origin", "digests", "is_current", "noting"]


NOTHING = {"digest": "", "stamp": []}
"""What a note tells of an origin that no file is as."""


@dataclass(frozen=True)
class Origin:
    """A file that results are made of."""

    path: Path
    digest: Callable[[Path], str] = sha256
    """Differs between files of which other results would be made."""

    tells_by_time: bool = True
    """Whether results without a note of it must not be older; those of files that are often copied may."""

    def described(self) -> dict[str, object]:
        """What a note keeps of it."""
        stamped = stamp(self.path)
        return {"digest": _digest(self, stamped), "stamp": list(stamped)}

    def is_as(self, noted: Mapping[str, object]) -> bool:
        """Whether it is what a note tells; what is not here any more is taken for it."""
        try:
            stamped = stamp(self.path)
        except OSError:
            return True
        try:
            return list(stamped) == noted["stamp"] or _digest(self, stamped) == noted["digest"]
        except UserError:  # damaged: nothing was made of that
            return False


@lru_cache(maxsize=64)
def _digest(origin: Origin, stamped: tuple[int, int]) -> str:
    """Digest of a file as long as its stamp is the same."""
    return origin.digest(origin.path)


def digests(origins: Mapping[str, Origin]) -> dict[str, str]:
    """Name → digest, of the origins that are here."""
    return {name: _digest(origin, stamp(origin.path)) for name, origin in origins.items() if origin.path.is_file()}


@contextmanager
def noting(note: Path, origins: Mapping[str, Origin]) -> Iterator[None]:
    """Note what the files are made of that the block makes, when it has ended well.

    Origins are looked at before: what changes meanwhile is not what was read. A note that tells other origins is made
    void until then, lest it be taken for that of results that are half new.
    """
    described = {name: origin.described() for name, origin in origins.items() if origin.path.is_file()}
    before = {name: facts["digest"] for name, facts in _read(note).items()}
    if before and before != {name: facts["digest"] for name, facts in described.items()}:
        _write(note, dict.fromkeys(described, NOTHING))
    yield
    _write(note, described)


def is_current(outputs: Collection[Path], note: Path, origins: Mapping[str, Origin]) -> bool:
    """Whether outputs are there, whole, and made of what their origins are now.

    Where an origin is not noted, as in results from before there were notes, they must not be older, if times tell.
    """
    noted = _read(note)
    unknown = [origin.path for name, origin in origins.items() if name not in noted and origin.tells_by_time]
    return is_made(outputs, inputs=unknown) and all(
        origin.is_as(noted[name]) for name, origin in origins.items() if name in noted
    )


def _write(note: Path, described: Mapping[str, Mapping[str, object]]) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    with write_whole(note) as partial:
        partial.write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def _read(note: Path) -> dict[str, dict[str, object]]:
    """What a note tells; nothing where there is none, or one that cannot be read."""
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        return {name: {"digest": facts["digest"], "stamp": facts["stamp"]} for name, facts in noted.items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}
