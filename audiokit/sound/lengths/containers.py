"""Samples of AIFF, Sun's AU, Apple's CAF and Sony's W64."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

from audiokit.sound.lengths.chunks import Layout, chunks, goes_on, is_placeholder, number
from audiokit.sound.lengths.mended_file import Mending
from audiokit.sound.lengths.sample_bytes import SampleBytes

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["aiff", "au", "caf", "w64"]

AIFF = Layout(struct.Struct(">4sI"))
CAF = Layout(struct.Struct(">4sq"), alignment=1)
W64 = Layout(struct.Struct("<16sQ"), alignment=8, counts_header=True)
W64_DATA = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")

LEAST_REST = 1 << 15
"""Bytes: what lies behind an otherwise consistent file is sound from here on."""


def aiff(file: BinaryIO, size: int) -> SampleBytes | None:
    """Of AIFF and AIFC."""
    form_told = number(file, 4, ">I") + 8
    for name, position, length in chunks(file, size, AIFF, 12):
        if name == b"SSND":
            start = position + 8  # behind an offset and the size of blocks

            def mend(there: int, *, at: int = position - 4) -> Mending:
                return Mending({at: struct.pack(">I", min(there + 8, 0xFFFFFFFF))})

            is_consistent = abs(form_told - position - length) <= 1
            told = None if is_placeholder(length) else max(0, length - 8)
            return _told_or_mended(file, size, AIFF, start, told, mend, is_consistent=is_consistent)
    return None


def au(file: BinaryIO, size: int) -> SampleBytes:
    """Of AU: a header of fixed length, and samples to the end."""
    start, told = number(file, 4, ">I"), number(file, 8, ">I")

    def mend(there: int) -> Mending:
        return Mending({8: struct.pack(">I", min(there, 0xFFFFFFFF))})

    return _told_or_mended(file, size, None, start, None if is_placeholder(told) else told, mend)


def caf(file: BinaryIO, size: int) -> SampleBytes | None:
    """Of CAF, whose recorders leave −1 for a length that they do not know yet."""
    for name, position, length in chunks(file, size, CAF, 8):
        if name == b"data":
            start = position + 4  # behind the number of edits

            def mend(there: int, *, at: int = position - 8) -> Mending:
                return Mending({at: struct.pack(">q", there + 4)})

            told = None if length < 0 else max(0, length - 4)
            found = _told_or_mended(file, size, CAF, start, told, mend)
            is_refused = found.told is None or found.told > found.there  # by libsndfile, unlike others that are cut off
            return SampleBytes(found.told, found.there, mend(found.there)) if is_refused else found
    return None


def w64(file: BinaryIO, size: int) -> SampleBytes | None:
    """Of W64, of which libsndfile reads all that is behind the samples as sound too."""
    riff_told = number(file, 16, "<Q")
    for name, position, length in chunks(file, size, W64, 40):
        if name == W64_DATA:

            def mend(there: int, *, start: int = position) -> Mending:
                return Mending({start - 8: struct.pack("<Q", there + W64.header.size)})

            is_consistent = 0 <= riff_told - position - length < W64.alignment
            told = None if is_placeholder(length) else max(0, length)
            found = _told_or_mended(file, size, W64, position, told, mend, is_consistent=is_consistent)
            ends_before = position + found.there < size
            return SampleBytes(found.told, found.there, Mending(stop=position + found.there)) if ends_before else found
    return None


def _told_or_mended(
    file: BinaryIO,
    size: int,
    layout: Layout | None,
    start: int,
    told: int | None,
    mend: Callable[[int], Mending],
    *,
    is_consistent: bool = True,
) -> SampleBytes:
    """What is there, with the mending where it is more than is told."""
    there = max(0, size - start)
    if told is None or told >= there:
        return SampleBytes(told, there)
    least = LEAST_REST if is_consistent and told else 1
    if not goes_on(file, size, layout, start, told, least=least):
        return SampleBytes(told, told)
    return SampleBytes(told, there, mend(there))
