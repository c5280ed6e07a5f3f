"""Numpy's `.npy` files: arrays of levels, and structured ones with named fields."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.formats.arrays import ArraySource
from spectral_transcoder.sensor.formats.compound import CompoundTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.levels.sources import Reading

__all__ = ["open_npy"]


def open_npy(path: Path, reading: Reading) -> ArraySource | CompoundTable:
    """Levels of a `.npy` file.

    Raises
    ------
    UserError
        where it is damaged, an archive of several arrays, or no array of 29 bands.
    """

    @contextmanager
    def array() -> Iterator[NDArray]:
        try:
            loaded = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise UserError(f"{path} is damaged or no .npy file ({error}): write it with numpy.save") from error
        if not isinstance(loaded, np.ndarray):
            loaded.close()
            raise UserError(f"{path} is an archive of arrays (.npz): write the one with levels with numpy.save")
        yield loaded

    @contextmanager
    def arrays() -> Iterator[Mapping[str, NDArray]]:
        with array() as loaded:
            yield {path.name: loaded}

    with array() as loaded:
        is_compound = loaded.dtype.names is not None and loaded.ndim == 1
    return CompoundTable(arrays, str(path)) if is_compound else ArraySource(array, str(path), reading)
