"""What a file is, by its first bytes, where it is not what its name promises."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SAFETENSORS", "file_kind", "first_bytes", "is_regular"]

HEAD_BYTES = 512

LONGEST_QUOTE = 60
"""Letters of a text that are quoted."""

CONVERT = "convert it first, as in ffmpeg -i FILE FILE.wav"

KINDS: tuple[tuple[tuple[bytes, ...], str], ...] = (
    ((b"version https://git-lfs",), "a pointer of Git LFS, not the file itself: git lfs pull brings it"),
    (
        (b"/annex/objects", b"../.git/annex", b".git/annex"),
        "a pointer of git-annex, not the file itself: git annex get brings it",
    ),
    ((b"outs:\n", b"md5: ", b"wdir: "), "a pointer of DVC, not the file itself: dvc pull brings it"),
    ((b"<!doctype html", b"<html", b"<head", b"<script", b"<body"), "a web page"),
    ((b"<?xml", b"<error"), "an XML text, such as servers answer errors with"),
    ((b'{"', b"{ ", b"{\n", b"{\r", b"{}", b"[{"), "a JSON text"),
    ((b"%pdf",), "a PDF document"),
    ((b"\x1f\x8b",), "packed with gzip: unpack it"),
    ((b"bzh",), "packed with bzip2: unpack it"),
    ((b"\xfd7zxz",), "packed with xz: unpack it"),
    ((b"\x28\xb5\x2f\xfd",), "packed with zstd: unpack it"),
    ((b"7z\xbc\xaf", b"rar!"), "a packed archive: unpack it"),
    ((b"pk\x03\x04", b"pk\x05\x06"), "a zip archive"),
    ((b"\x89hdf\r\n\x1a\n",), "an HDF5 file"),
    ((b"\x93numpy",), "an array of NumPy"),
    ((b"par1",), "a parquet file"),
    ((b"sqlite format",), "a database of SQLite"),
    ((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), "a pickle of Python"),
    ((b"\x89png", b"\xff\xd8\xff", b"gif8"), "a picture"),
    ((b"mthd",), "notes of MIDI, not sound"),
    ((b"\x00\x05\x16\x07",), "what macOS notes on a file, not the file itself: it is the one without ._"),
    ((b"\x30\x26\xb2\x75",), f"Windows Media (wma): {CONVERT}"),
    ((b"\x1ae\xdf\xa3",), f"Matroska or WebM: {CONVERT}"),
    ((b"#!amr",), f"AMR, as telephones record: {CONVERT}"),
    ((b"wvpk",), f"WavPack: {CONVERT}"),
    ((b"mac ",), f"Monkey's Audio (ape): {CONVERT}"),
    ((b"dsd ", b"frm8"), f"DSD (dsf, dff): {CONVERT}"),
    ((b".ra\xfd", b".rmf"), f"RealAudio: {CONVERT}"),
    ((b"\xff\xf1", b"\xff\xf9"), f"AAC: {CONVERT}"),
    ((b"\x7felf", b"mz"), "a program"),
    ((b"\x00\x00\x00\x00" * 8,), "nothing but zeros at its beginning"),
)  # fmt: skip
"""First bytes, in small letters → what such a file is."""

MPEG4 = b"ftyp"
"""At the fifth byte."""

TAR_AT = 257

SAFETENSORS = "a file of safetensors"


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


def file_kind(path: Path, *, but: str | tuple[str, ...] = ()) -> str:
    """What a file is, in words that follow "it is"; empty where nothing is recognised, or it cannot be read.

    Parameters
    ----------
    but
        what it should be: kinds that begin so say nothing new.
    """
    try:
        if not is_regular(path):
            return "a folder" if path.is_dir() else "a pipe or a device"
        head = first_bytes(path)
    except (OSError, ValueError):
        return ""
    if not head:
        return "empty: 0 bytes"
    kind = _kind_of(head)
    return "" if kind.startswith(but) else kind


def _kind_of(head: bytes) -> str:
    if head[4:8] == MPEG4:
        return f"MPEG-4 (m4a, mp4): {CONVERT}"
    if head[TAR_AT : TAR_AT + 5] == b"ustar":
        return "a tar archive: unpack it"
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < 1 << 32:
        return SAFETENSORS
    beginning = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((kind for signs, kind in KINDS if beginning.startswith(signs)), "") or _quoted(head)


def _quoted(head: bytes) -> str:
    """The first words of a text, for what servers say in place of a file."""
    try:
        text = head.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        if len(head) < HEAD_BYTES or error.start < HEAD_BYTES - 4:  # not merely a letter that is cut in two
            return ""
        text = head[: error.start].decode("utf-8-sig").strip()
    words = " ".join(text.split())
    if not words or not words.isprintable():
        return ""
    if len(words) > LONGEST_QUOTE:
        words = f"{words[:LONGEST_QUOTE].rsplit(' ', 1)[0]} …"
    return f'a text ("{words}")'
