"""Samples of WAV files: RIFF, RIFX, and RF64 and BW64 of EBU Tech 3306."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from audiokit.sound.lengths.chunks import Layout, chunks, goes_on, is_placeholder, number
from audiokit.sound.lengths.mended_file import Mending
from audiokit.sound.lengths.sample_bytes import SampleBytes

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RIFF_ENDIAN", "riff"]

RIFF_ENDIAN = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">"}
IN_DS64 = 0xFFFFFFFF
"""Size of a chunk that RF64 tells elsewhere."""

LEAST_REST_SECONDS = 0.5
"""What lies behind an otherwise consistent file is sound from this length on."""

AS_RF64 = {0: b"RF64"}
"""BW64 is RF64 by another name, which libsndfile does not know."""


@dataclass
class _Header:
    layout: Layout
    endian: str
    is_bw64: bool
    riff_told: int
    bytes_per_second: int = 0
    ds64: int | None = None
    """Position of the two sizes in RF64."""

    size_at: int = 0
    """Position of the size of the samples."""

    start: int = 0
    told: int = 0


def riff(file: BinaryIO, size: int, head: bytes) -> SampleBytes | None:
    """The samples of a file that begins with `head`, (12,)."""
    endian = RIFF_ENDIAN[head[:4]]
    layout = Layout(struct.Struct(f"{endian}4sI"))
    header = _Header(layout, endian, head[:4] == b"BW64", struct.unpack(f"{endian}I", head[4:8])[0])
    for name, position, length in chunks(file, size, layout, len(head)):
        if name == b"ds64":
            header.ds64 = position
            header.riff_told = number(file, position, "<Q")
        elif name == b"fmt ":
            header.bytes_per_second = number(file, position + 8, f"{endian}I")
        elif name == b"data":
            header.size_at, header.start, header.told = position - 4, position, length
            if length == IN_DS64 and header.ds64 is not None:
                header.size_at, header.told = header.ds64 + 8, number(file, header.ds64 + 8, "<Q")
            return _told_or_mended(file, size, header)
    return None


def _told_or_mended(file: BinaryIO, size: int, header: _Header) -> SampleBytes:
    there = size - header.start
    as_it_is = Mending(AS_RF64) if header.is_bw64 else None
    if is_placeholder(header.told) and there < header.told:
        return SampleBytes(None, there, Mending(_patches(header, size)) if header.ds64 is not None else None)
    if header.told >= there:
        return SampleBytes(header.told, there, as_it_is)
    end = header.start + header.told
    is_consistent = header.told > 0 and abs(header.riff_told + 8 - end) <= 1
    least = LEAST_REST_SECONDS * header.bytes_per_second if is_consistent else 1
    if not goes_on(file, size, header.layout, header.start, header.told, least=least):
        return SampleBytes(header.told, header.told, as_it_is)
    return SampleBytes(header.told, there, Mending(_patches(header, size)))


def _patches(header: _Header, size: int) -> Mapping[int, bytes]:
    """What makes libsndfile read to the end of the file, beyond 4 GiB too."""
    if header.ds64 is not None:
        sizes = {header.ds64: struct.pack("<QQ", size - 8, size - header.start)}
        return sizes | AS_RF64 if header.is_bw64 else sizes
    return {4: struct.pack(f"{header.endian}I", 8), header.size_at: bytes(4)}
