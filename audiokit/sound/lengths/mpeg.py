"""How long MP3 files are, by their frames (ISO 11172-3 and 13818-3).

An MP3 has no header: its length is that of its frames together. Many begin with a tag that tells it (Xing, Info), which
is that of the first part only where files were joined; where there is none, libsndfile takes all frames to be as large
as the first, and a file with frames of many sizes ends far too early or too late.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING, NamedTuple

from audiokit.sound.lengths.mended_file import Mending
from audiokit.sound.lengths.sample_bytes import SampleBytes

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["mp3_samples"]

KBIT_PER_S = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""(version, layer) → by the index in the header; version 2.5 is as 2."""

HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""By the bits of the version."""

SAME = 0xFFFE0C00
"""Bits of the header in which all frames of a stream agree: version, layer and sample rate."""

TAGS = (b"Xing", b"Info")
MOST_CRUMBS = 1 << 16
"""Bytes between frames that are passed over."""

TAG_RATE = 9
"""Index of a bit rate whose frames have room for a tag."""

LEAST_SHARE = 1.01
"""Of the told length; joined files have more."""


class _Frame(NamedTuple):
    size: int
    """Bytes."""
    samples: int
    hertz: int
    side: int
    """Bytes between header and tag."""


def mp3_samples(path: Path, told: int) -> SampleBytes | None:
    """The samples of an MP3 that has more or fewer frames than it seems; None where they are `told`, about.

    Parameters
    ----------
    told
        samples by libsndfile.

    Returns
    -------
    SampleBytes or None
        in samples; told only where the file itself tells them.
    """
    if not os.path.getsize(path):
        return None
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = _next_frame(content, 0, None)
        if start is None:
            return None
        first = _frame(content, start)
        tag_at = start + 4 + first.side
        has_tag = content[tag_at : tag_at + 4] in TAGS
        if has_tag and _is_told_size(content, start, tag_at):
            return None
        sound = start + first.size if has_tag else start
        n_frames, stop = _count(content, sound)
        n_samples = n_frames * first.samples
        is_right = told / LEAST_SHARE <= n_samples <= told * LEAST_SHARE
        if not n_frames or is_right or (has_tag and n_samples < told):
            return None  # what is missing of a tagged one shows when it is decoded
        front = _tagged_frame(content[start : start + 4], n_frames, stop - sound)
        return SampleBytes(told if has_tag else None, n_samples, Mending(front=front, start=sound))


def _is_told_size(content: mmap.mmap, start: int, tag_at: int) -> bool:
    """Whether a tag says as many bytes as there are, about; more of them are missing, and that shows in decoding."""
    flags = struct.unpack(">I", content[tag_at + 4 : tag_at + 8])[0]
    if flags & 3 != 3:
        return False
    told = struct.unpack(">I", content[tag_at + 12 : tag_at + 16])[0]
    return len(content) - start <= told * LEAST_SHARE


def _count(content: mmap.mmap, position: int) -> tuple[int, int]:
    """Frames from a position on, and where the last one ends."""
    like = content[position : position + 4]
    count = 0
    while position + 4 <= len(content):
        frame = _frame(content, position)
        if frame is None or not _alike(content, position, like):
            following = _next_frame(content, position, like)
            if following is None:
                break
            position = following
            continue
        count += 1
        position += frame.size
    return count, min(position, len(content))


def _next_frame(content: mmap.mmap, position: int, like: bytes | None) -> int | None:
    """Where the next frame begins that another one follows, past tags and crumbs."""
    while content[position : position + 3] == b"ID3":
        size = content[position + 6 : position + 10]
        position += 10 + sum(byte << 7 * (3 - place) for place, byte in enumerate(size))
    last = position + MOST_CRUMBS
    while (position := content.find(b"\xff", position, last)) >= 0:
        frame = _frame(content, position)
        if frame and (like is None or _alike(content, position, like)):
            follows = position + frame.size
            if follows >= len(content) or _alike(content, follows, content[position : position + 4]):
                return position
        position += 1
    return None


def _alike(content: mmap.mmap, position: int, like: bytes) -> bool:
    own = content[position : position + 4]
    return len(own) == 4 and not (int.from_bytes(own, "big") ^ int.from_bytes(like, "big")) & SAME


def _frame(content: mmap.mmap | bytes, position: int) -> _Frame | None:
    """The frame at a position; None where there is none."""
    header = content[position : position + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    rate, hertz, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or hertz == 3 or rate in (0, 15):
        return None
    is_first = version == 3
    bits = 1000 * KBIT_PER_S[1 if is_first else 2, layer][rate]
    sample_rate = HERTZ[version][hertz]
    samples = {1: 384, 2: 1152, 3: 1152 if is_first else 576}[layer]
    slot = 4 if layer == 1 else 1
    size = (samples // 8 // slot * bits // sample_rate + padding) * slot
    is_mono = header[3] >> 6 == 3
    side = {(True, True): 17, (True, False): 32, (False, True): 9, (False, False): 17}[is_first, is_mono]
    return _Frame(size, samples, sample_rate, side)


def _tagged_frame(header: bytes, n_frames: int, n_bytes: int) -> bytes:
    """A frame without sound, of a kind with another one, that tells how many frames and bytes follow."""
    of_room = bytes([header[0], header[1] | 1, TAG_RATE << 4 | header[2] & 0x0C, header[3]])
    frame = _frame(of_room, 0)
    tag = TAGS[0] + struct.pack(">III", 3, n_frames, frame.size + n_bytes)
    return (of_room + bytes(frame.side) + tag).ljust(frame.size, b"\0")
