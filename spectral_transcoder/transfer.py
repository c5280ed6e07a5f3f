"""One file on its way over HTTP: asked for, resumed only onto the same version, written to a part file."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spectral_transcoder.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from requests import Response, Session
    from tqdm import tqdm

__all__ = ["Passing", "Transfer"]

TIMEOUTS = (10, 60)  # s, to connect and then between two pieces of an answer
CHUNK = 1 << 16  # bytes; what a dropped connection can lose
PASSING = {408, 425, 429, 500, 502, 503, 504}  # statuses worth another try


class Passing(Exception):
    """A failure that may pass; `wait` is how many seconds the server asks for."""

    def __init__(self, reason: str, *, wait: int = 0) -> None:
        super().__init__(reason)
        self.wait = wait


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
    """

    url: str
    path: Path
    session: Session
    size: int | None = None
    checked: bool = False
    progress: bool = True

    def __post_init__(self) -> None:
        self.part = self.path.with_name(f"{self.path.name}.part")
        self.stamp = self.path.with_name(f"{self.path.name}.stamp.part")
        self.heard = False  # whether the host ever answered

    def held(self) -> int:
        """Count the bytes to go on from."""
        return self.part.stat().st_size if self.part.exists() and self.stamp.exists() else 0

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
            wait = response.headers.get("Retry-After", "")
            raise Passing(status, wait=int(wait) if wait.isdecimal() else 0)
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
        with self.part.open("ab" if start else "wb") as file, self._bar(start, total) as bar:
            if not start:
                self._mark(_version(response))
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
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

    def _bar(self, start: int, total: int | None) -> tqdm:
        from tqdm import tqdm

        name = self.path.name
        return tqdm(
            desc=name if len(name) <= 40 else f"{name[:19]}…{name[-20:]}",
            total=total or self.size,
            initial=start,
            unit="B",
            unit_scale=True,
            disable=None if self.progress else True,
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
