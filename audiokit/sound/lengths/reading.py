"""What a sound file promises and what it has.

A recorder that stops without closing its file, a copy that breaks off, a stream that nobody knew the length of, and a
counter of 32 bits that ran over: in all of them the sizes in the header are not those of the file. Formats: the ones
without an index or a checksum.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from audiokit.sound.lengths.containers import aiff, au, caf, w64
from audiokit.sound.lengths.riff import RIFF_ENDIAN, riff

if TYPE_CHECKING:
    from pathlib import Path

    from audiokit.sound.lengths.sample_bytes import SampleBytes

__all__ = ["read_sample_bytes"]


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
                return riff(file, size, head)
            if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
                return aiff(file, size)
            read = {b".snd": au, b"riff": w64, b"caff": caf}.get(head[:4])
            return read(file, size) if read else None
        except struct.error:  # it ends within its header
            return None
