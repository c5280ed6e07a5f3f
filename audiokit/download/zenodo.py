"""What a record at Zenodo publishes of its files: their sizes and checksums."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from audiokit.download.fetching import fetch, mirrored
from audiokit.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Published", "file_url", "kept_list", "published_files"]

HOST = "https://zenodo.org"


class Published(NamedTuple):
    """Size in bytes and checksum, as `md5:…`."""

    size: int
    checksum: str


def file_url(record: int, name: str) -> str:
    """Address of a file of a record."""
    return f"{HOST}/records/{record}/files/{quote(name)}?download=1"


def published_files(record: int, folder: Path, *, base_url: str | None = None) -> dict[str, Published]:
    """Files of a record by name, as its programming interface lists them.

    The list is kept in the folder and not asked for again: the files of a record never change.

    Parameters
    ----------
    record
        number of the record.
    folder
        where the list goes.
    base_url
        of a mirror to ask in place of Zenodo.

    Raises
    ------
    UserError
        where there is no such list to be had.
    """
    url = mirrored(f"{HOST}/api/records/{record}", base_url)
    path = fetch(url, _list_path(record, folder), progress=False)
    try:
        return _read_list(path)
    except (ValueError, KeyError, TypeError) as error:
        path.unlink()
        raise UserError(f"{url} is no list of files with sizes and checksums: try again later") from error


def kept_list(record: int, folder: Path) -> dict[str, Published]:
    """What `published_files` has kept in the folder; nothing where it has not been asked, or that is damaged."""
    try:
        return _read_list(_list_path(record, folder))
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _list_path(record: int, folder: Path) -> Path:
    return folder / f"zenodo_{record}.json"


def _read_list(path: Path) -> dict[str, Published]:
    return {file["key"]: _published(file) for file in json.loads(path.read_text(encoding="utf-8"))["files"]}


def _published(file: dict) -> Published:
    if not re.fullmatch("md5:[0-9a-f]{32}", file["checksum"]):
        raise ValueError(file["checksum"])
    return Published(int(file["size"]), file["checksum"])
