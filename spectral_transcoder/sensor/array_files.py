"""Levels in arrays: `.npy` and HDF5 files."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.errors import UserError
from spectral_transcoder.sensor.clock import Times, parse_time
from spectral_transcoder.sensor.sources import CADENCES, PIECE_FRAMES, LevelSource, Piece, Reading
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import h5py
    from numpy.typing import NDArray

__all__ = ["Hdf5Source", "NpySource"]


class _ArraySource(LevelSource):
    """Levels as an array (frames, 29) or (chunks, frames, 29); each chunk is a series."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path = path
        self.name = str(path)
        self.reading = reading
        self.hop_seconds = CADENCES[self._cadence()]
        self.start = 0.0
        if reading.start is not None:
            self.start, self.clock = parse_time(reading.start)
        with self._open() as levels:
            self._check(levels)
            self.n_frames = int(np.prod(levels.shape[:-1]))
            self.is_chunked = levels.ndim == 3

    @abstractmethod
    def _open(self):
        """Context manager that gives the levels, to be sliced."""

    def _cadence(self) -> str:
        return self.reading.cadence or "fast"

    def _times(self, first: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Times of frames from the `first` on, of the shape of the frames."""
        return self.start + self.hop_seconds * (first + np.arange(np.prod(shape)).reshape(shape))

    def pieces(self) -> Iterator[Piece]:
        """Slices of the array, each read when it is its turn."""
        with self._open() as levels:
            shape = levels.shape
        n_chunks, n_frames = shape[0] if len(shape) == 3 else 1, shape[-2]
        # Many short chunks at once, or a part of a long one.
        step = max(1, PIECE_FRAMES // max(n_frames, 1))
        for chunk in range(0, n_chunks, step):
            for start in range(0, n_frames, PIECE_FRAMES):
                rows = slice(start, min(start + PIECE_FRAMES, n_frames))
                # Opened for each slice: of a mapped file, what was read would stay in memory.
                with self._open() as levels:
                    taken = levels[chunk : chunk + step, rows] if len(shape) == 3 else levels[rows][None]
                    taken = np.array(taken, np.float32)
                times = self._times(chunk * n_frames + start, taken.shape[:2])
                yield from (Piece(*pair, chunk + index) for index, pair in enumerate(zip(taken, times, strict=True)))

    def _check(self, levels: NDArray | h5py.Dataset) -> None:
        shape = levels.shape
        if levels.dtype.kind not in "fiu":
            raise UserError(f"{self.name} holds no numbers (type {levels.dtype}): levels in dB are needed")
        if len(shape) not in (2, 3):
            raise UserError(f"{self.name} has the shape {shape}: (frames, 29) or (chunks, frames, 29) is needed")
        if shape[-1] != N_BANDS:
            turned = ": transpose it, bands come last" if shape[-2] == N_BANDS else " (20 Hz to 12.5 kHz)"
            raise UserError(f"{self.name} has the shape {shape}, where the last number should be 29{turned}")


class NpySource(_ArraySource):
    """A `.npy` file."""

    @contextmanager
    def _open(self) -> Iterator[NDArray]:
        try:
            yield np.load(self.path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise UserError(f"{self.name} is damaged or no .npy file ({error}): write it with numpy.save") from error


class Hdf5Source(_ArraySource):
    """A dataset of an HDF5 file."""

    def _cadence(self) -> str:
        return self.reading.cadence or ("slow" if "slow" in self.reading.dataset.lower() else "fast")

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path, reading)
        if reading.time_column is not None:
            with self._file() as file:
                self.times = Times(self._dataset(file, reading.time_column)[0])
            self.clock = self.times.clock

    @contextmanager
    def _file(self) -> Iterator[h5py.File]:
        import h5py

        try:
            with h5py.File(self.path, "r") as file:
                yield file
        except OSError as error:
            raise UserError(f"{self.name} is damaged or no HDF5 file ({str(error)[:150]}): copy it again") from error

    @contextmanager
    def _open(self) -> Iterator[h5py.Dataset]:
        with self._file() as file:
            yield self._dataset(file, self.reading.dataset)

    def _dataset(self, file: h5py.File, name: str) -> h5py.Dataset:
        import h5py

        if isinstance(file.get(name), h5py.Dataset):
            return file[name]
        there: list[str] = []
        file.visititems(
            lambda key, item: there.append(f"{key} {item.shape}") if isinstance(item, h5py.Dataset) else None
        )
        raise UserError(
            f"{self.name} has no dataset {name!r}: it has {', '.join(there) or 'none'}; "
            "name the one with levels by --dataset and the one with times by --time_column"
        )

    def _times(self, first: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
        if self.reading.time_column is None:
            return super()._times(first, shape)
        import pandas as pd

        with self._file() as file:
            dataset = self._dataset(file, self.reading.time_column)
            levels = self._dataset(file, self.reading.dataset)
            if dataset.shape != levels.shape[:1]:
                raise UserError(
                    f"{self.name}: {self.reading.time_column} has the shape {dataset.shape}, and one time for each "
                    f"{'frame' if levels.ndim == 2 else 'chunk'} would have {levels.shape[:1]}"
                )
            if levels.ndim == 2:
                return self.times.read(pd.Series(dataset[first : first + shape[-1]]))[None]
            chunk, frame = divmod(first, levels.shape[1])
            starts = self.times.read(pd.Series(dataset[chunk : chunk + shape[0]]))
        return starts[:, None] + self.hop_seconds * (frame + np.arange(shape[1]))
