"""Which recordings make a dataset, and which of them are for training, validation and evaluation."""

from __future__ import annotations

import csv
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.file_kinds import is_regular
from audiokit.files import readable
from audiokit.sound.suffixes import audio_suffixes
from spectral_transcoder.datasets.chunk_dataset import SPLITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Splits = dict[str, list["Source"]]

__all__ = [
    "DATASET_TYPES",
    "AudioDataset",
    "Ratios",
    "Source",
    "city_split",
    "find_audio_dataset",
    "folder_sources",
    "own_split",
    "random_split",
    "tau_sources",
]

DATASET_TYPES = ("full", "urban", "test")
"""Of TAU: device A; device A in four outdoor scenes; the first 50 files."""

LISTS = ("fold1_train.csv", "fold1_evaluate.csv")
DEVICE = "a"
URBAN_SCENES = ("park", "public_square", "street_pedestrian", "street_traffic")
TEST_FILES = 50

CITIES = {
    "train": ("london", "lyon", "milan", "paris", "stockholm", "vienna"),
    "valid": ("lisbon", "prague"),
    "eval": ("barcelona", "helsinki"),
}


@dataclass(frozen=True)
class Source:
    """A recording of a dataset."""

    path: Path
    name: str
    """As in `fname`: relative to the folder of the dataset, with slashes."""
    scene: str


@dataclass(frozen=True)
class AudioDataset:
    """Where the recordings lie, and whether the tables of TAU Urban Acoustic Scenes lie with them."""

    folder: Path
    is_tau: bool

    @property
    def name(self) -> str:
        """Of the folder."""
        return readable(self.folder.resolve().name)


@dataclass(frozen=True)
class Ratios:
    """Shares of the recordings."""

    train: float = 0.75
    valid: float = 0.125
    eval: float = 0.125

    def __post_init__(self) -> None:
        shares = (self.train, self.valid, self.eval)
        if min(shares) < 0 or self.train == 0 or not math.isclose(sum(shares), 1, abs_tol=1e-6):
            raise UserError(
                f"the ratios of train, valid and eval are {', '.join(map(str, shares))}: give three that add up to 1, "
                "the first above 0"
            )


def find_audio_dataset(path: Path | None, name: str) -> AudioDataset:
    """The folder `path/name` or `path` itself; without a path, the TAU dataset `name` in the folder where one is.

    Raises
    ------
    UserError
        where there is neither.
    """
    folders = [Path(path or "") / name, *([path] if path else [])]
    for folder in folders:
        if (folder / "evaluation_setup").is_dir():
            return AudioDataset(folder, is_tau=True)
    if path is None:
        raise UserError(
            f"there is no TAU dataset {folders[0]}: download it, or name a folder of recordings with "
            "--audio_dataset_path"
        )
    for folder in folders:
        if folder.is_dir():
            return AudioDataset(folder, is_tau=False)
    raise UserError(f"there is no folder {path}: name the one of the recordings with --audio_dataset_path")


def tau_sources(folder: Path, *, dataset_type: str = "full") -> list[Source]:
    """Recordings that the tables of TAU name, in their order.

    Parameters
    ----------
    folder
        with `evaluation_setup/` and `audio/`.
    dataset_type
        one of `DATASET_TYPES`.

    Raises
    ------
    UserError
        where a table is missing or damaged, or names nothing of that type.
    """
    rows = [row for file in LISTS for row in _read_list(folder / "evaluation_setup" / file)]
    sources = [Source(folder / name, name, scene) for name, scene in rows]
    if dataset_type == "test":
        return sources[:TEST_FILES]
    chosen = [source for source in sources if _place(source)[1] == DEVICE]
    if dataset_type == "urban":
        chosen = [source for source in chosen if source.scene in URBAN_SCENES]
    if not chosen:
        raise UserError(f"the tables in {folder / 'evaluation_setup'} name no recording of type {dataset_type}")
    return chosen


def folder_sources(folder: Path) -> list[Source]:
    """All recordings in a folder and its subfolders, by name; the scene of each is the folder that it lies in.

    Raises
    ------
    UserError
        where there is none.
    """
    folder = folder.resolve()
    suffixes = audio_suffixes()
    paths = sorted(path for path in _walk(folder) if path.suffix.lower() in suffixes and _is_stored(path))
    if not paths:
        raise UserError(f"there are no recordings in {folder}: give a folder with wav, flac, ogg, mp3 … files")
    return [Source(path, readable(path.relative_to(folder).as_posix()), readable(path.parent.name)) for path in paths]


def random_split(sources: Sequence[Source], *, ratios: Ratios, seed: int) -> Splits:
    """Split recordings at random, as scikit-learn's `train_test_split` does twice with the same seed.

    Raises
    ------
    UserError
        where there are too few to train on.
    """
    train, held_out = _shuffle_in_two(sources, 1 - ratios.train, seed)
    held_out_share = ratios.eval + ratios.valid
    valid, evaluation = _shuffle_in_two(held_out, ratios.eval / held_out_share if held_out_share else 0, seed)
    if not train:
        raise UserError(
            f"{len(sources)} recordings are too few to be split: give more, or --train_ratio 1 --valid_ratio 0 "
            "--eval_ratio 0"
        )
    return dict(zip(SPLITS, (train, valid, evaluation), strict=True))


def own_split(sources: Sequence[Source]) -> Splits | None:
    """The split of recordings that all lie in, or below, folders called train, valid and eval; None where they do not.

    Whoever cuts long recordings has to keep the pieces of one together, which a random split does not.
    """
    splits: Splits = {split: [] for split in SPLITS}
    for source in sources:
        split, _, below = source.name.partition("/")
        if split not in splits or not below:
            return None
        splits[split].append(source)
    return splits if all(splits.values()) else None


def city_split(sources: Iterable[Source]) -> Splits:
    """Split the recordings of TAU by city.

    Raises
    ------
    UserError
        where a name tells no city of TAU.
    """
    split_of = {city: split for split, cities in CITIES.items() for city in cities}
    splits: Splits = {split: [] for split in SPLITS}
    for source in sources:
        city = _place(source)[0]
        if city not in split_of:
            raise UserError(f"{source.name} is of {city}, which is no city of TAU: leave --split_by_city out")
        splits[split_of[city]].append(source)
    return splits


def _shuffle_in_two(sources: Sequence[Source], share: float, seed: int) -> tuple[list[Source], list[Source]]:
    """The rest, and the share; the generator and the rounding are scikit-learn's."""
    order = np.random.RandomState(seed).permutation(len(sources))
    n_second = math.ceil(share * len(sources))
    return [sources[index] for index in order[n_second:]], [sources[index] for index in order[:n_second]]


def _read_list(path: Path) -> list[tuple[str, str]]:
    """File names and scenes of a table."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return [(row["filename"], row["scene_label"]) for row in csv.DictReader(file, delimiter="\t")]
    except (KeyError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} has no columns filename and scene_label, separated by tabs: download it again"
        ) from error
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): download the tables of the dataset again") from error


def _place(source: Source) -> tuple[str, str]:
    """City and device, from a name such as `audio/airport-barcelona-0-0-a.wav`."""
    parts = Path(source.name).stem.split("-")
    if len(parts) < 5:
        raise UserError(f"{source.name} is no file name of TAU, which are like audio/airport-barcelona-0-0-a.wav")
    return parts[1], parts[-1]


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder; not the hidden ones, among them what macOS leaves on other disks (`._name.wav`)."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files if not name.startswith("."))


def _is_stored(path: Path) -> bool:
    """Whether there is something to read; a pipe or a device is told, and a dead link is told when it is read."""
    try:
        stored = is_regular(path)
    except OSError:
        return True
    if not stored:
        print(f"left out: {path} is a pipe or a device, not an audio file", file=sys.stderr)
    return stored
