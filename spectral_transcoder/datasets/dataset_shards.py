"""A dataset in parts that are made separately, on as many machines, and joined without being copied."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from audiokit.errors import UserError
from audiokit.files import write_whole
from audiokit.storage.hdf5_writing import new_hdf5_file
from audiokit.storage.journal import differences
from spectral_transcoder.datasets.chunk_dataset import SPLITS, open_chunks
from spectral_transcoder.datasets.chunk_layout import write_stamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectral_transcoder.datasets.chunk_dataset import ChunkDataset
    from spectral_transcoder.datasets.dataset_split import Source

__all__ = ["Shard", "merge_shards"]


@dataclass(frozen=True)
class Shard:
    """One part of several."""

    number: int
    """From 1."""
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `3/16`.

        Raises
        ------
        UserError
            for anything else.
        """
        match = re.fullmatch(r"(\d+)/(\d+)", text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise UserError(
                f"there is no shard {text!r}: give two numbers such as 3/16, the first from 1 to the second"
            )
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def path(self, whole: Path) -> Path:
        """Beside the whole dataset."""
        return whole.with_name(f"{whole.stem}.shard-{self.number}-of-{self.count}.h5")

    def share(self, sources: Sequence[Source]) -> list[Source]:
        """Successive recordings of a split, so that the shards in turn have them all in order."""
        first, stop = (len(sources) * number // self.count for number in (self.number - 1, self.number))
        return list(sources[first:stop])


def merge_shards(path: Path) -> dict[str, int]:
    """Join the shards of a dataset in a small file, whose arrays lie in theirs.

    Parameters
    ----------
    path
        of the whole dataset.

    Returns
    -------
    dict of str to int
        seconds in each split

    Raises
    ------
    UserError
        where shards are missing or do not belong together, or the dataset is there already and not of shards.
    """
    shards = _find_shards(path)
    if path.exists() and not _is_joined(path):
        raise UserError(f"{path} is there, and whole: delete it to join shards in its place")
    with ExitStack() as stack:
        parts = [stack.enter_context(open_chunks(shard.path(path))) for shard in shards]
        _check_alike(parts)
        with write_whole(path) as partial, new_hdf5_file(partial) as (file, _):
            attributes = {name: value for name, value in parts[0].attributes.items() if name != "shard"}
            file.attrs.update({**attributes, "n_shards": len(shards)})
            write_stamps(file, {name: stamp for part in parts for name, stamp in part.stamps().items()})
            for split in SPLITS:
                _join(file.create_group(split), [part.group(split) for part in parts])
        return {split: sum(part.n_chunks(split) for part in parts) for split in SPLITS}


def _find_shards(path: Path) -> list[Shard]:
    """All shards of a dataset, in order."""
    pattern = re.compile(re.escape(path.stem) + r"\.shard-(\d+)-of-(\d+)\.h5")
    matches = [match for other in path.parent.glob("*.h5") if (match := pattern.fullmatch(other.name))]
    counts = {int(match[2]) for match in matches}
    if not counts:
        raise UserError(f"there are no shards of {path}: make them with --shard 1/2, --shard 2/2 …")
    if len(counts) > 1:
        raise UserError(f"beside {path} are shards of {' and of '.join(map(str, sorted(counts)))}: delete some")
    shards = [Shard(number + 1, count) for count in counts for number in range(count)]
    missing = [str(shard) for shard in shards if not shard.path(path).exists()]
    if missing:
        raise UserError(f"{path} lacks the shards {', '.join(missing)}: make them with --shard {missing[0]} …")
    return shards


def _is_joined(path: Path) -> bool:
    with h5py.File(path) as file:
        return "n_shards" in file.attrs


def _check_alike(parts: Sequence[ChunkDataset]) -> None:
    """See that all are of one dataset."""
    first = parts[0].attributes
    for part in parts[1:]:
        if part.attributes["fingerprint"] != first["fingerprint"]:
            raise UserError(
                f"{part.path} does not belong to {parts[0].path}: {differences(first, part.attributes)}; "
                "make one of them again"
            )


def _join(group: h5py.Group, parts: Sequence[h5py.Group]) -> None:
    """Write a split: numbers stay in the shards, texts are copied."""
    for name in ("n_files", "n_chunks"):
        group.attrs[name] = sum(part.attrs[name] for part in parts)
    for name, first in parts[0].items():
        arrays = [part[name] for part in parts]
        if first.ndim == 1:
            group[name] = np.concatenate([array[:] for array in arrays])
            continue
        layout = h5py.VirtualLayout((group.attrs["n_chunks"], *first.shape[1:]), first.dtype)
        row = 0
        for array in filter(len, arrays):
            # Beside the joined file, wherever both are moved to.
            layout[row : row + len(array)] = h5py.VirtualSource(Path(array.file.filename).name, array.name, array.shape)
            row += len(array)
        group.create_virtual_dataset(name, layout)
        group[name].attrs.update(first.attrs)
