"""One file on its way over HTTP: asked for, resumed only onto the same version, written to a part file."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from audiokit.download.waiting import seconds_asked
from audiokit.errors import UserError
from audiokit.progress import byte_bar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from requests import Response, Session

__all__ = ["Passing", "Transfer", "held"]

TIMEOUTS = (10, 60)  # s, to connect and then between two pieces of an answer
CHUNK = 1 << 16  # bytes; what a dropped connection can lose
PASSING = {408, 425, 429, 500, 502, 503, 504}  # statuses worth another try


class Passing(Exception):
    """A failure that may pass; `wait` is how many seconds the server asks for."""

    def __init__(self, reason: str, *, wait: float = 0) -> None:
        super().__init__(reason)
        self.wait = wait


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _stamp(path: Path) -> Path:
    return path.with_name(f"{path.name}.stamp.part")


def held(path: Path) -> int:
    """Count the bytes of a file that a transfer can go on from."""
    return _part(path).stat().st_size if _part(path).exists() and _stamp(path).exists() else 0


@dataclass
class Transfer:
    """The bytes held of a file, and attempts to get the others.

    Parameters
    ----------
    url
        address of the file.
    path
        where it goes; the bytes gather in `<path>.part`, and `<path>.stamp.part` says of which version.
    session
        the `requests` session that asks.
    size
        in bytes, for a server that does not tell; None: unknown.
    checked
        whether a checksum will tell a web page from the file; else the type that the server states does.
    progress
        show a bar, where stderr is a terminal.
    watch
        told how many bytes are held, each time that there are more.
    """

    url: str
    path: Path
    session: Session
    size: int | None = None
    checked: bool = False
    progress: bool = True
    watch: Callable[[int], object] | None = None

    def __post_init__(self) -> None:
        self.part, self.stamp = _part(self.path), _stamp(self.path)
        self.heard = False  # whether the host ever answered

    def held(self) -> int:
        """Count the bytes to go on from."""
        return held(self.path)

    def forget(self) -> None:
        """Delete what is held."""
        self.part.unlink(missing_ok=True)
        self.stamp.unlink(missing_ok=True)

    def attempt(self) -> None:
        """Ask for what is missing and append it to the part file; returns once all is there.

        Raises
        ------
        Passing, requests.RequestException
            where another attempt may do better.
        UserError
            where it would not.
        """
        start = self.held()
        headers = {"Accept-Encoding": "identity"}  # ranges count the bytes of the file itself
        if start:
            headers["Range"] = f"bytes={start}-"
        with self.session.get(self.url, headers=headers, stream=True, timeout=TIMEOUTS) as response:
            self.heard = True
            resumed = response.status_code == 206
            if response.status_code == 416 and _content_range(response) == (None, start):
                return  # it had stopped between the last byte and the final name
            self._refuse(response)
            if resumed and not self._continues(response, start):
                self.forget()
                raise Passing("the file has changed on the server")
            self._receive(response, start if resumed else 0)

    def _refuse(self, response: Response) -> None:
        """Raise for any answer that does not hold bytes of the file."""
        status = f"the server answered {response.status_code} {response.reason}"
        if response.status_code == 416:
            self.forget()
            raise Passing(status)
        if response.status_code in PASSING:
            raise Passing(status, wait=seconds_asked(response))
        if not response.ok:
            raise UserError(
                f"cannot fetch {self.url}: {status}: the file may have moved or need a login, "
                f"look for it at {urlsplit(self.url).hostname}"
            )
        if not self.checked and response.headers.get("Content-Type", "").startswith("text/html"):
            raise UserError(
                f"cannot fetch {self.url}: a web page came instead of the file: "
                "log in to the network or its proxy, then run again"
            )

    def _continues(self, response: Response, start: int) -> bool:
        first, _ = _content_range(response)
        return (first, _version(response)) == (start, self.stamp.read_text(encoding="utf-8"))

    def _receive(self, response: Response, start: int) -> None:
        total = _total(response)
        self._check_space((total or self.size or 0) - start)
        bar = byte_bar(self.path.name, total or self.size, initial=start, progress=self.progress)
        with bar, self.part.open("ab" if start else "wb") as file:
            if not start:
                self._mark(_version(response))
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
                if self.watch:
                    self.watch(file.tell())
        if total is not None and self.part.stat().st_size < total:
            raise Passing("the connection dropped")

    def _mark(self, version: str) -> None:
        if version:
            self.stamp.write_text(version, encoding="utf-8")
        else:  # nothing to recognise the file by: not to be resumed
            self.stamp.unlink(missing_ok=True)

    def _check_space(self, needed: int) -> None:
        free = shutil.disk_usage(self.path.parent).free
        if needed > free:
            raise UserError(
                f"{self.path.name} needs {needed / 1e6:.0f} MB in {self.path.parent}, where "
                f"{free / 1e6:.0f} MB are free: make room or name another folder"
            )


def _content_range(response: Response) -> tuple[int | None, int | None]:
    """First byte of the answer and length of the whole file, None where not said."""
    found = re.fullmatch(r"bytes (?:\*|(\d+)-\d+)/(?:\*|(\d+))", response.headers.get("Content-Range", ""))
    first, total = found.groups() if found else (None, None)
    return first and int(first), total and int(total)


def _compressed(response: Response) -> bool:
    return response.headers.get("Content-Encoding", "identity") != "identity"


def _total(response: Response) -> int | None:
    """Length of the whole file in bytes, None where not said."""
    if response.status_code == 206:
        return _content_range(response)[1]
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and not _compressed(response) else None


def _version(response: Response) -> str:
    """Tell one version of the file from another; empty where a part could not be resumed safely."""
    if _compressed(response):
        return ""
    tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
    return f"{tag} {_total(response) or ''}".strip()
