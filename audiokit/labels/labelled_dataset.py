"""Datasets of labelled recordings: where the clips are, what they are called, and which are held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Clip", "LabelledDataset", "Round"]


@dataclass(frozen=True)
class Clip:
    """A recording with its labels."""

    name: str
    """Of the file, unique in the dataset."""

    fold: str
    classes: frozenset[str]
    """That are present."""


@dataclass(frozen=True)
class Round:
    """Which clips a head is trained on, and which it is judged by."""

    name: str
    train: NDArray[np.bool_]
    evaluate: NDArray[np.bool_]


@dataclass(frozen=True)
class LabelledDataset:
    """All that an experiment needs to know of a dataset."""

    name: str
    """On the command line."""

    classes: tuple[str, ...]
    read_clips: Callable[[Path], Iterable[Clip]]
    """Reads the tables of the dataset's folder."""

    folds: tuple[str, ...]
    """All that the dataset has."""

    folder: str = ""
    """Of the download; the name by default."""

    unpacked: str = ""
    """Name of that folder in the archive that its makers publish."""

    audio: str = "audio"
    """Folder of the recordings, or of folders of them, in that one."""

    is_multilabel: bool = False
    """Whether clips can have several classes, or none."""

    split: tuple[str, str] | None = None
    """Folds to train on and to evaluate on; without, each fold is held out once."""

    def find_clips(self, path: Path) -> list[Clip]:
        """Clips whose labels are known, in the order of the dataset's tables.

        Parameters
        ----------
        path
            folder that the dataset's own folder is in.

        Raises
        ------
        UserError
            where the dataset, or a column of its tables, is missing, or where there are other classes.
        """
        folder = self.folder_in(path)
        remedy = "get it with python3 download_datasets.py, or give --audio_dataset_path"
        if not folder.is_dir():
            raise UserError(f"{self.name} is not in {path} (there is no folder {folder}): {remedy}")
        try:
            clips = list(self.read_clips(folder))
        except FileNotFoundError as error:
            raise UserError(f"{self.name} is not in {path} ({error.filename} is missing): {remedy}") from error
        except KeyError as error:
            raise UserError(f"the tables in {folder} are not those of {self.name}: no column {error}") from error
        except ValueError as error:
            raise UserError(f"the tables in {folder} are not those of {self.name}: {error}") from error
        if not clips:
            raise UserError(f"the tables in {folder} name no recording of {self.name}")
        if unknown := frozenset().union(*(clip.classes for clip in clips)) - set(self.classes):
            raise UserError(f"the tables in {folder} hold classes that {self.name} has not: {', '.join(unknown)}")
        return clips

    def folder_in(self, path: Path) -> Path:
        """The dataset's own folder: as it is downloaded here, or as its makers have packed it."""
        folder = path / (self.folder or self.name)
        packed = path / (self.unpacked or folder.name)
        return packed if packed.is_dir() and not folder.is_dir() else folder

    def targets(self, clips: Sequence[Clip]) -> NDArray[np.float32]:
        """Labels as numbers, (n_clips, n_classes), 1 where a class is present."""
        rows = [[name in clip.classes for name in self.classes] for clip in clips]
        return np.array(rows, np.float32).reshape(-1, len(self.classes))

    def evaluated(self, folds: Sequence[str]) -> NDArray[np.bool_]:
        """Which clips to judge by, (n_clips,).

        Raises
        ------
        UserError
            where none of them is there.
        """
        evaluated = np.isin(folds, self.split[1:] if self.split else self.folds)
        if not evaluated.any():
            wanted = self.split[1] if self.split else " or ".join(self.folds)
            raise UserError(f"{self.name}: {wanted} is needed, and only {', '.join(sorted(set(folds)))} is there")
        return evaluated

    def rounds(self, folds: Sequence[str]) -> list[Round]:
        """Which clips to train on and to evaluate on, one item for each training.

        Parameters
        ----------
        folds : (n_clips,)
            of those that are there, which may be a part of the dataset.

        Raises
        ------
        UserError
            where there is nothing to train on.
        """
        there = np.asarray(folds)
        if self.split:
            rounds = [Round(self.split[1], there == self.split[0], there == self.split[1])]
        else:
            rounds = [Round(fold, there != fold, there == fold) for fold in self.folds if (there == fold).any()]
        if not rounds or not all(one.train.any() and one.evaluate.any() for one in rounds):
            wanted = " and ".join(self.split) if self.split else "two folds at least"
            raise UserError(f"{self.name}: {wanted} are needed, and only {', '.join(sorted(set(folds)))} is there")
        return rounds

    def missing_folds(self, folds: Iterable[str]) -> list[str]:
        """Those that the dataset has, and these clips have not."""
        there = set(folds)
        return [fold for fold in self.folds if fold not in there]
