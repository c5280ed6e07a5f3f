"""What a file is, by its first bytes, where it is not what its name promises."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["file_kind", "first_bytes", "is_regular"]

HEAD_BYTES = 512

KINDS: tuple[tuple[tuple[bytes, ...], str], ...] = (
    ((b"version https://git-lfs",), "a pointer of Git LFS, not the file itself: git lfs pull brings it"),
    ((b"<!doctype html", b"<html", b"<head"), "a web page"),
    ((b"<?xml", b"<error"), "an XML text, such as servers answer errors with"),
    ((b'{"', b"{ ", b"{\n", b"[{"), "a JSON text"),
    ((b"%pdf",), "a PDF document"),
    ((b"\x1f\x8b",), "packed with gzip: unpack it"),
    ((b"7z\xbc\xaf", b"rar!"), "a packed archive: unpack it"),
    ((b"pk\x03\x04",), "a zip archive"),
    ((b"\x89hdf\r\n\x1a\n",), "an HDF5 file"),
    ((b"\x89png", b"\xff\xd8\xff", b"gif8"), "a picture"),
    ((b"\x00\x00\x00\x00" * 8,), "nothing but zeros at its beginning"),
)  # fmt: skip
"""First bytes, in small letters → what such a file is."""


def first_bytes(path: Path) -> bytes:
    """First bytes of a regular file; none of a pipe or a device, from which reading might never end.

    Raises
    ------
    OSError
        where it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        return os.read(descriptor, HEAD_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        os.close(descriptor)


def is_regular(path: Path) -> bool:
    """Whether a path leads to a file that is stored, not to a folder, a pipe or a device.

    Raises
    ------
    OSError
        where there is nothing, or it may not be looked at.
    """
    return stat.S_ISREG(path.stat().st_mode)


def file_kind(path: Path) -> str:
    """What a file is, in words that follow "it is"; empty where nothing is recognised, or it cannot be read."""
    try:
        if not is_regular(path):
            return "a folder" if path.is_dir() else "a pipe or a device"
        head = first_bytes(path)
    except (OSError, ValueError):
        return ""
    if not head:
        return "empty: 0 bytes"
    beginning = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((kind for signs, kind in KINDS if beginning.startswith(signs)), "")
