"""What the headers of recordings say of them, before they are decoded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.errors import in_one_line
from audiokit.files import stamp
from audiokit.sound.decoding import UNKNOWN_FRAMES, mono_blocks, opened
from audiokit.sound.heard import Heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Header", "read_header", "read_headers"]

READING_THREADS = 8
"""Files whose headers are read at once: on network drives it is the waiting that takes time."""


MOST_SAMPLES_PER_BYTE = 500
"""No codec makes more of anything but silence: a header that tells more is not believed."""


@dataclass(frozen=True)
class Header:
    """What is known of a recording before it is decoded."""

    sample_rate: int = 1
    """Hz"""
    n_samples: int = 0
    stamp: tuple[int, int] = (0, 0)
    """As `audiokit.files.stamp`."""
    problem: str = ""
    """Why nothing is."""

    @property
    def seconds(self) -> float:
        """Duration, s."""
        return self.n_samples / self.sample_rate


def read_headers(paths: Iterable[Path]) -> Iterator[Header]:
    """Headers of recordings, in their order."""
    with ThreadPoolExecutor(READING_THREADS) as pool:
        yield from pool.map(read_header, paths)


def read_header(path: Path) -> Header:
    """The header of a recording, set right where the file is longer or shorter.

    The recording is decoded where it tells no length, or one that so few bytes hardly hold.

    Whatever is wrong with the recording is its `problem`.
    """
    try:
        with opened(path) as (file, _):
            own_stamp = stamp(path)
            sample_rate, n_samples = file.samplerate, file.frames
        if n_samples >= UNKNOWN_FRAMES or n_samples > MOST_SAMPLES_PER_BYTE * own_stamp[0]:
            n_samples = sum(map(len, mono_blocks(path, Heard())))
    except Exception as error:
        return Header(problem=in_one_line(error, path))
    return Header(sample_rate, n_samples, own_stamp)
