"""Whether what an earlier run has left is there, whole, and younger than what it was made of."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["is_made", "is_whole"]

ZIP = b"PK"
"""What files of `torch.save` begin with."""


def is_made(outputs: Iterable[Path], *, inputs: Iterable[Path] = (), since: int = 0) -> bool:
    """Whether all outputs are there and whole, and none is older than an input.

    Parameters
    ----------
    outputs
    inputs
        what the outputs were made of; those that are not here any more are passed over.
    since
        when another input last changed, ns since 1970.
    """
    outputs = list(outputs)
    if not all(map(is_whole, outputs)):
        return False
    begun = max([since, *(os.stat(path).st_mtime_ns for path in inputs if path.is_file())])
    return all(os.stat(path).st_mtime_ns >= begun for path in outputs)


def is_whole(path: Path) -> bool:
    """Whether a file is there and not cut off: arrays by the length that they tell, archives by what stands at the end.

    Of other files it is enough not to be empty.
    """
    try:
        size = path.stat().st_size
        if path.suffix == ".npy":
            return _size_told(path) == size
        with open(path, "rb") as file:
            beginning = file.read(len(ZIP))
        return zipfile.is_zipfile(path) if beginning == ZIP else size > 0
    except (OSError, ValueError):
        return False


def _size_told(path: Path) -> int:
    """Bytes that an array's header promises, with its own."""
    import numpy as np  # what only asks whether something is there does not wait for it

    with open(path, "rb") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        return file.tell() + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
