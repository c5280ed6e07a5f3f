"""Recordings that come with a request: how much may come, and what is made of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.file_kinds import file_kind
from audiokit.files import readable
from exp_lumen.data.clips import SUFFIXES
from exp_lumen.serving.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    from fastapi import UploadFile
    from numpy.typing import NDArray

    Message = MutableMapping[str, object]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

__all__ = ["SizeLimit", "hear_uploads"]

READ_TIMES = 4
"""Of the bytes that are allowed, so many are read of a body that is refused."""


class SizeLimit:
    """Middleware of ASGI that refuses requests whose body is too long, before or while it comes.

    Parameters
    ----------
    app
        of ASGI.
    most_bytes
        of a body.
    """

    def __init__(self, app: Callable, *, most_bytes: int) -> None:
        self.app = app
        self.most_bytes = most_bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"")
        is_too_long = declared.isdigit() and int(declared) > self.most_bytes
        n_read = 0

        async def counted() -> Message:
            nonlocal n_read
            message = await receive()
            n_read += len(message.get("body", b""))
            if is_too_long or n_read > self.most_bytes:
                await self._refuse(message, receive, n_read)
            return message

        await self.app(scope, counted, send)

    async def _refuse(self, message: Message, receive: Receive, n_read: int) -> None:
        """Answer 413, once a part of what comes is read: a client that still sends would not read the answer."""
        from fastapi import HTTPException

        while message.get("more_body", False) and n_read < READ_TIMES * self.most_bytes:
            message = await receive()
            n_read += len(message.get("body", b""))
        text = f"the upload is larger than {self.most_bytes / 1e6:g} MB: send fewer or shorter recordings"
        raise HTTPException(413, text)


def hear_uploads(uploads: Sequence[UploadFile], hear: Callable[[Path], NDArray]) -> dict[str, NDArray]:
    """What is heard in each upload, by the name that it came with.

    Raises
    ------
    Refusal
        415 for what is no recording, 422 for one that cannot be used, for two of one name, and for none.
    """
    names = [readable(upload.filename or "") for upload in uploads]
    if not names or not all(names):
        raise Refusal(422, "there is a recording without a name, or none: send them as audio_files")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Refusal(422, f"two recordings are named {twice!r}: rename one")
    with TemporaryDirectory() as folder:
        return {
            name: _hear(upload, name, Path(folder) / f"{number}{_ending(name)}", hear)
            for number, (name, upload) in enumerate(zip(names, uploads, strict=True))
        }


def _ending(name: str) -> str:
    """Of the name that it has here, which tells what its content does not; one that we know, or none."""
    ending = Path(name).suffix.lower()
    return ending if ending in SUFFIXES else ""


def _hear(upload: UploadFile, name: str, path: Path, hear: Callable[[Path], NDArray]) -> NDArray:
    if not _ending(name):
        raise Refusal(415, f"{name!r} is no recording: send one of {', '.join(SUFFIXES)}")
    with open(path, "wb") as file:
        shutil.copyfileobj(upload.file, file)
    try:
        return hear(path)
    except UserError as error:
        status = 415 if file_kind(path) else 422
        raise Refusal(status, str(error).replace(str(path), name)) from error
    finally:
        path.unlink(missing_ok=True)
