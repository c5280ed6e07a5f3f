"""The training dataset: seconds of sound as third octaves and as the teachers' Mel spectrograms, in one HDF5 file.

Groups `train`, `valid` and `eval`, each with

`third_octave`
    (n_chunks, 8, 29) float32, dB
`mel_pann`, `mel_yamnet`, `mel_mn04_as` …
    (n_chunks, n_frames, n_mels) float32 or float16, on the log scale of the teacher: the first (101, 64) for PANN,
    (96, 64) for YamNet
`fname`, `scene`
    (n_chunks,) UTF-8: `<file>_<second>`, and what the recording is of

The group `recordings` tells by `name` (n_files,) and `stamp` (n_files, 2), size in bytes and time of the last change in
ns, what the recordings were that all this was made of.

Seconds of a recording are successive rows. Attributes of the file hold all that it was made with. Arrays are contiguous
by default: of a compressed one every random batch costs a hundred times more.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.errors import UserError
from audiokit.files import sha256
from audiokit.storage.hdf5_reading import open_hdf5_file
from audiokit.storage.journal import partial_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    import h5py

__all__ = [
    "FNAME",
    "FORMAT",
    "NAME",
    "RECORDINGS",
    "SCENE",
    "SPLITS",
    "STAMP",
    "THIRD_OCTAVE",
    "ChunkDataset",
    "dataset_digest",
    "load_array",
    "load_split",
    "mel_name",
    "open_chunks",
]

SPLITS = ("train", "valid", "eval")
THIRD_OCTAVE = "third_octave"
FNAME, SCENE = "fname", "scene"
RECORDINGS, NAME, STAMP = "recordings", "name", "stamp"

FORMAT = "spectral transcoder chunks"

BLOCK_CHUNKS = 2048
"""At most 210 MB, of the teacher with the largest Mel spectrograms."""

HOW_TO_MAKE = "python3 exp_train_model/create_mel_tho_dataset.py"


def mel_name(teacher: str) -> str:
    """Name of the array with a teacher's Mel spectrograms."""
    return f"mel_{teacher.lower()}"


class ChunkDataset:
    """A dataset that is open for reading; a context manager."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._file.filename)

    @property
    def attributes(self) -> dict[str, object]:
        """All that the dataset was made with."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
            for name, value in sorted(self._file.attrs.items())
        }

    @property
    def names(self) -> tuple[str, ...]:
        """`third_octave`, `mel_pann` … : the arrays of numbers."""
        return tuple(name for name in self._file[SPLITS[0]] if name not in (FNAME, SCENE))

    def n_chunks(self, split: str) -> int:
        """Seconds in a split."""
        return len(self._array(split, FNAME))

    def fnames(self, split: str) -> list[str]:
        """`<file>_<second>` of each chunk."""
        return self._array(split, FNAME).asstr()[:].tolist()

    def scenes(self, split: str) -> list[str]:
        """Scene of each chunk."""
        return self._array(split, SCENE).asstr()[:].tolist()

    def stamps(self) -> dict[str, tuple[int, int]]:
        """Name of each recording → size in bytes and time of its last change; empty where nobody noted them."""
        if RECORDINGS not in self._file:
            return {}
        group = self._file[RECORDINGS]
        return dict(zip(group[NAME].asstr()[:].tolist(), map(tuple, group[STAMP][:].tolist()), strict=True))

    def digest(self) -> str:
        """Differs between datasets of other recordings, splits or parameters, and is the same for one that is copied.

        It is that of what the dataset tells of itself; of one that tells nothing, that of the file.
        """
        attributes = self.attributes
        if "fingerprint" not in attributes:
            return sha256(self.path)
        made = sorted(self.stamps().items()) or attributes.get("date")
        return hashlib.sha256(json.dumps([attributes["fingerprint"], made]).encode()).hexdigest()

    def load(self, split: str, names: Sequence[str] | None = None) -> dict[str, torch.Tensor]:
        """Arrays of a split, float32 however they are stored; see `load_split`."""
        return {name: load_array([self], split, name) for name in (self.names if names is None else names)}

    def blocks(self, split: str, name: str, n_chunks: int = BLOCK_CHUNKS) -> Iterator[torch.Tensor]:
        """An array of a split some chunks at a time, float32, where all of it may be larger than memory.

        Of an empty split it is one block without chunks.
        """
        array = self._array(split, name)
        for start in range(0, max(1, len(array)), n_chunks):
            yield torch.from_numpy(array[start : start + n_chunks].astype(np.float32))

    def group(self, split: str) -> h5py.Group:
        """A split as it lies in the file."""
        if split not in SPLITS:
            raise UserError(f"there is no split {split!r}: choose one of {', '.join(SPLITS)}")
        return self._file[split]

    def _array(self, split: str, name: str) -> h5py.Dataset:
        group = self.group(split)
        if name not in group:
            raise UserError(
                f"{self.path} has no {name}, but {', '.join(self.names)}: make another one with --teachers naming all "
                "that you need"
            )
        return group[name]


def open_chunks(path: str | Path) -> ChunkDataset:
    """Open a dataset.

    Raises
    ------
    UserError
        where it is missing, not complete, damaged, or a shard of it is missing.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(_why_missing(path))
    file = open_hdf5_file(path, remedy=f"delete it and make it again with {HOW_TO_MAKE}")
    try:
        _check(file, path)
    except UserError:
        file.close()
        raise
    return ChunkDataset(file)


def dataset_digest(path: Path) -> str:
    """Digest of a dataset, as `ChunkDataset.digest`."""
    with open_chunks(path) as dataset:
        return dataset.digest()


def load_array(datasets: Sequence[ChunkDataset], split: str, name: str) -> torch.Tensor:
    """Load an array of a split into memory, float32 however it is stored; of several datasets one behind the other.

    What is loaded is in memory once: of datasets on their own that are joined later it would be there twice.
    """
    arrays = [dataset._array(split, name) for dataset in datasets]
    values = np.empty((sum(map(len, arrays)), *arrays[0].shape[1:]), np.float32)
    stops = np.cumsum([len(array) for array in arrays])
    for array, rows in zip(arrays, np.split(values, stops[:-1]), strict=True):
        for start in range(0, len(array), BLOCK_CHUNKS):
            # NumPy makes float32 of float16 three times as fast as HDF5.
            rows[start : start + BLOCK_CHUNKS] = array[start : start + BLOCK_CHUNKS]
    return torch.from_numpy(values)


def load_split(path: str | Path, split: str, names: Sequence[str] | None = None) -> dict[str, torch.Tensor]:
    """Load arrays of a split into memory.

    Parameters
    ----------
    split
        "train", "valid" or "eval".
    names
        `third_octave`, `mel_pann` …; all arrays of numbers by default.

    Returns
    -------
    dict of str to (n_chunks, n_frames, n_bands) float32 tensors

    Raises
    ------
    UserError
        where the file, the split or an array is missing.
    """
    with open_chunks(path) as dataset:
        return dataset.load(split, names)


def _why_missing(path: Path) -> str:
    if partial_folder(path).is_dir():
        return f"{path} is not complete: run the command that makes it again, it goes on where it was"
    if any(path.parent.glob(f"{path.stem}.shard-*.h5")):
        return f"{path} is in shards: join them with {HOW_TO_MAKE} --merge"
    return f"there is no dataset {path}: make it with {HOW_TO_MAKE}"


def _check(file: h5py.File, path: Path) -> None:
    """See that the file is a dataset with all of its shards: HDF5 would give zeros for a missing one."""
    if file.attrs.get("format") != FORMAT or not all(split in file for split in SPLITS):
        raise UserError(f"{path} is no dataset of chunks: make one with {HOW_TO_MAKE}")
    thirds = [file[split][THIRD_OCTAVE] for split in SPLITS]
    sources = {source.file_name for array in thirds if array.is_virtual for source in array.virtual_sources()}
    missing = sorted(source for source in sources if not (path.parent / source).is_file())
    if missing:
        raise UserError(f"{path} lacks its shards {', '.join(missing)}: put them beside it")
