"""How many bytes of samples a sound file promises, how many it has, and what to mend where the promise is broken.

A recorder that stops without closing its file, a copy that breaks off, a stream that nobody knew the length of, and a
counter of 32 bits that ran over: in all of them the sizes in the header are not those of the file. Formats: WAV (RIFF,
RIFX; RF64 and BW64 of EBU Tech 3306), AIFF, Sun's AU and Sony's W64, the ones without an index or a checksum.
"""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["MendedFile", "SampleBytes", "read_sample_bytes"]

RIFF_ENDIAN = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">"}
IN_DS64 = 0xFFFFFFFF
"""Size of a chunk that RF64 tells elsewhere."""

MOST_CHUNKS = 1000
APPENDED = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")
"""What players append to any file."""

MOST_PADDING = 1 << 24
"""Bytes of zeros that a disk may leave behind a file."""

LEAST_REST_SECONDS = 0.5
"""What lies behind an otherwise consistent file is sound from this length on."""

W64_DATA = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
W64_HEADER_BYTES = 24


@dataclass(frozen=True)
class SampleBytes:
    """The samples of a file, in bytes."""

    told: int | None
    """By the header; None where it does not tell."""

    there: int
    """From the first sample to the end of the file or of the samples, whatever comes first."""

    patches: Mapping[int, bytes] = field(default_factory=dict)
    """Position in the file → what has to stand there for all samples to be read."""

    @property
    def is_longer(self) -> bool:
        """Whether the header would have hidden samples."""
        return self.told is not None and self.told < self.there


class MendedFile(io.FileIO):
    """A file for reading, some bytes of which are replaced."""

    def __init__(self, path: Path, patches: Mapping[int, bytes]) -> None:
        super().__init__(path)
        self._patches = patches

    def readinto(self, buffer) -> int:
        """Fill a buffer."""
        start = self.tell()
        size = super().readinto(buffer)
        view = memoryview(buffer).cast("B")
        for place, content in self._patches.items():
            first, stop = max(place, start), min(place + len(content), start + size)
            if first < stop:
                view[first - start : stop - start] = content[first - place : stop - place]
        return size


def read_sample_bytes(path: Path) -> SampleBytes | None:
    """Read the header of a file; None where it is of another format, or makes no sense.

    Raises
    ------
    OSError
        where it cannot be read.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        try:
            if head[:4] in RIFF_ENDIAN and head[8:] == b"WAVE":
                return _riff(file, size, head)
            if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
                return _aiff(file, size)
            if head[:4] == b".snd":
                return _au(head, size)
            if head[:4] == b"riff":
                return _w64(file, size)
        except struct.error:  # it ends within its header
            return None
    return None


@dataclass
class _RiffHeader:
    endian: str
    riff_told: int
    bytes_per_second: int = 0
    ds64: int | None = None
    """Position of the two sizes in RF64."""

    size_at: int = 0
    """Position of the size of the samples."""

    start: int = 0
    told: int = 0


def _riff(file: BinaryIO, size: int, head: bytes) -> SampleBytes | None:
    endian = RIFF_ENDIAN[head[:4]]
    header = _RiffHeader(endian, struct.unpack(f"{endian}I", head[4:8])[0])
    for name, position, length in _chunks(file, size, endian):
        if name == b"ds64":
            header.ds64 = position
            header.riff_told = _number(file, position, "<Q")
        elif name == b"fmt ":
            header.bytes_per_second = _number(file, position + 8, f"{endian}I")
        elif name == b"data":
            header.size_at, header.start, header.told = position - 4, position, length
            if length == IN_DS64 and header.ds64 is not None:
                header.size_at, header.told = header.ds64 + 8, _number(file, header.ds64 + 8, "<Q")
            return _told_or_mended(file, size, header)
    return None


def _chunks(file: BinaryIO, size: int, endian: str, position: int = 12) -> Iterator[tuple[bytes, int, int]]:
    """Name, position of the content and told length of each chunk."""
    for _ in range(MOST_CHUNKS):
        if position + 8 > size:
            return
        file.seek(position)
        name, length = struct.unpack(f"{endian}4sI", file.read(8))
        yield name, position + 8, length
        position += 8 + length + length % 2


def _told_or_mended(file: BinaryIO, size: int, header: _RiffHeader) -> SampleBytes:
    there = size - header.start
    if _is_placeholder(header.told) and there < header.told:
        return SampleBytes(None, there, _patches(header, size) if header.ds64 is not None else {})
    if header.told >= there:
        return SampleBytes(header.told, there)
    if not _goes_on(file, size, header):
        return SampleBytes(header.told, header.told)
    return SampleBytes(header.told, there, _patches(header, size))


def _patches(header: _RiffHeader, size: int) -> dict[int, bytes]:
    """What makes libsndfile read to the end of the file, beyond 4 GiB too."""
    if header.ds64 is not None:
        return {header.ds64: struct.pack("<QQ", size - 8, size - header.start)}
    return {4: struct.pack(f"{header.endian}I", 8), header.size_at: bytes(4)}


def _is_placeholder(told: int) -> bool:
    """Whether a size stands for an unknown one, as encoders into pipes write it."""
    return 0x7FFFF000 - 0x1000 <= told <= 0x80000000 + 0x1000 or 0xFFFFF000 <= told <= 0xFFFFFFFF or told >= 1 << 62


def _goes_on(file: BinaryIO, size: int, header: _RiffHeader) -> bool:
    """Whether what lies behind the samples is samples too."""
    position = header.start + header.told
    file.seek(position)
    beginning = file.read(4096)
    if _is_list_of_chunks(file, size, header.endian, position + header.told % 2) or beginning.startswith(APPENDED):
        return False
    if size - position < MOST_PADDING and not any(beginning) and not any(file.read(MOST_PADDING)):
        # Samples that are silent, or a disk's block that was never filled: nothing to be heard either way.
        return header.told == 0
    is_consistent = header.told > 0 and abs(header.riff_told + 8 - position) <= 1
    return not is_consistent or size - position >= LEAST_REST_SECONDS * header.bytes_per_second


def _is_list_of_chunks(file: BinaryIO, size: int, endian: str, position: int) -> bool:
    end = position
    for name, start, length in _chunks(file, size, endian, position):
        if not all(32 <= letter < 127 for letter in name) or start + length > size:
            return False
        end = start + length
    return end > position or size - position < 8


def _aiff(file: BinaryIO, size: int) -> SampleBytes | None:
    for name, position, length in _chunks(file, size, ">"):
        if name == b"SSND":
            told = length - 8 if length > 8 else None
            return SampleBytes(None if told and _is_placeholder(length) else told, size - position - 8)
    return None


def _au(head: bytes, size: int) -> SampleBytes:
    start, told = struct.unpack(">II", head[4:])
    return SampleBytes(None if _is_placeholder(told) or told == 0 else told, size - start)


def _w64(file: BinaryIO, size: int) -> SampleBytes | None:
    position = 40
    for _ in range(MOST_CHUNKS):
        file.seek(position)
        name, length = struct.unpack("<16sQ", file.read(W64_HEADER_BYTES))
        if name == W64_DATA:
            told = length - W64_HEADER_BYTES
            return SampleBytes(told if told > 0 else None, size - position - W64_HEADER_BYTES)
        position += max(W64_HEADER_BYTES, -(-length // 8) * 8)
    return None


def _number(file: BinaryIO, position: int, layout: str) -> int:
    file.seek(position)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))[0]
