"""HDF5 files: arrays of levels with times beside them, and compound datasets, also in groups by day (CENSE)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.storage.hdf5_reading import open_hdf5_file
from spectral_transcoder.sensor.bands.choosing import NoBandsError
from spectral_transcoder.sensor.formats.arrays import ArraySource
from spectral_transcoder.sensor.formats.compound import CompoundTable, PlainTable
from spectral_transcoder.sensor.formats.header import LEAST_BANDS, band_score
from spectral_transcoder.sensor.levels.sources import DEFAULT_DATASET
from spectral_transcoder.sensor.times.columns import find_times
from spectral_transcoder.sensor.times.reader import TimeReader
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    import h5py
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.levels.sources import Reading
    from spectral_transcoder.sensor.times.clock import Clock

__all__ = ["open_hdf5"]

SENSOR_ATTRIBUTES = ("map_id_sensor", "sensor", "sensor_id", "station", "device")


def open_hdf5(path: Path, reading: Reading) -> ArraySource | CompoundTable | PlainTable:
    """Levels of an HDF5 file.

    Raises
    ------
    UserError
        where it is damaged, has no dataset of levels, or several of which none was named.
    """
    with _file(path) as file:
        names = _datasets_of_levels(file, reading.dataset, str(path))
        first = file[names[0]]
        if first.dtype.names:
            same = [name for name in names if file[name].dtype.names == first.dtype.names]
            return CompoundTable(_opening(path, same), str(path), title=_sensor(file))
        default = "slow" if "slow" in names[0].lower() else "fast"
        if first.ndim == 2 and first.shape[-1] == N_BANDS:
            beside = _beside(file, names[0], reading.time_column, str(path))
            if beside:
                return PlainTable(_opening(path, [names[0], *beside]), str(path), default_cadence=default)
        times = None
        if first.ndim == 3 and reading.time_column is not None:
            times = _chunk_times(_dataset(file, reading.time_column, str(path)), first, reading.time_column, str(path))
        return ArraySource(_single(path, names[0]), str(path), reading, default_cadence=default, chunk_times=times)


@contextmanager
def _file(path: Path) -> Iterator[h5py.File]:
    with open_hdf5_file(path, remedy="copy it again") as file:
        yield file


def _opening(path: Path, names: list[str]) -> Callable[[], AbstractContextManager[Mapping]]:
    """Opens some datasets, by name, each time that it is called."""

    @contextmanager
    def arrays() -> Iterator[Mapping]:
        with _file(path) as file:
            yield {name: file[name] for name in names}

    return arrays


def _single(path: Path, name: str) -> Callable[[], AbstractContextManager]:
    @contextmanager
    def array() -> Iterator[h5py.Dataset]:
        with _file(path) as file:
            yield file[name]

    return array


def _datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    import h5py

    found: dict[str, h5py.Dataset] = {}
    file.visititems(lambda key, item: found.update({key: item}) if isinstance(item, h5py.Dataset) else None)
    return found


def _dataset(file: h5py.File, name: str, path: str) -> h5py.Dataset:
    """A dataset by its name.

    Raises
    ------
    UserError
        with the names of all, where there is none of this name.
    """
    there = _datasets(file)
    if name.strip("/") in there:
        return there[name.strip("/")]
    raise UserError(f"{path} has no dataset {name!r}: it has {_listed(there)}; {HINT}")


HINT = "name the one with levels by --dataset and the one with times by --time_column"


def _listed(datasets: Mapping[str, h5py.Dataset]) -> str:
    return ", ".join(f"{key} {item.shape}" for key, item in datasets.items()) or "none"


def _datasets_of_levels(file: h5py.File, asked: str | None, path: str) -> list[str]:
    """Names of the datasets to read: one, or all of one name in groups."""
    there = _datasets(file)
    name = asked or DEFAULT_DATASET
    if name.strip("/") in there:
        return [name.strip("/")]
    within = [key for key in there if key.endswith(f"/{name.strip('/')}")]
    if within and (there[within[0]].dtype.names or len(within) == 1):
        return sorted(within)
    if asked is not None or within:
        _dataset(file, name, path)
    candidates = [key for key, item in there.items() if _has_levels(item)]
    compound = [key for key in candidates if there[key].dtype.names]
    if compound and len({there[key].dtype.names for key in compound}) == 1 and len(compound) == len(candidates):
        return sorted(compound)
    if len(candidates) == 1:
        return candidates
    if not candidates:
        raise NoBandsError(f"{path} has no dataset {name!r}: it has {_listed(there)}; {HINT}")
    raise UserError(f"{path} has no dataset {name!r}: it has {_listed(there)}; {HINT}")


def _has_levels(item: h5py.Dataset) -> bool:
    if item.dtype.names:
        return item.ndim == 1 and band_score(item.dtype.names) >= LEAST_BANDS
    return item.dtype.kind in "fiu" and item.ndim in (2, 3) and item.shape[-1] == N_BANDS


def _beside(file: h5py.File, levels: str, asked: str | None, path: str) -> list[str]:
    """Datasets with a value for each frame, or the one that was asked for."""
    n_frames = len(file[levels])
    if asked is not None:
        dataset = _dataset(file, asked, path)
        if dataset.shape != (n_frames,):
            raise UserError(
                f"{path}: {asked} has the shape {dataset.shape}, and one time for each frame would have ({n_frames},)"
            )
        return [asked.strip("/")]
    return [key for key, item in _datasets(file).items() if item.shape == (n_frames,) and not item.dtype.names]


def _chunk_times(
    dataset: h5py.Dataset, levels: h5py.Dataset, name: str, path: str
) -> tuple[NDArray[np.float64], Clock]:
    """Beginnings of chunks, s, and what they count from."""
    import pandas as pd

    if dataset.shape != levels.shape[:1]:
        raise UserError(
            f"{path}: {name} has the shape {dataset.shape}, and one time for each chunk would have {levels.shape[:1]}"
        )
    values = dataset[()]
    if values.dtype.kind in "OS":
        values = np.array([each.decode() if isinstance(each, bytes) else each for each in values], object)
    sample = pd.DataFrame({0: values})
    found = find_times([name], sample, asked=name)
    return TimeReader(found).read(sample), found.clock


def _sensor(file: h5py.File) -> str:
    """Name of the sensor that attributes tell; empty where they do not."""
    return next((str(file.attrs[key]) for key in SENSOR_ATTRIBUTES if key in file.attrs), "")
