"""A training from the songs to the file of the model, and a test of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exp_audioconcept.classifiers.loading import check_genres, load_model, save_learned
from exp_audioconcept.classifiers.materials import split_of
from exp_audioconcept.classifiers.testing import HEARD, Tested, heard_names, test_model

if TYPE_CHECKING:
    from pathlib import Path

    from exp_audioconcept.classifiers.learned import GenreModel, Learned, Material
    from exp_audioconcept.songs.splits import Split

__all__ = ["test_again", "train_and_test"]

SPLIT, SEED = "split", "split_seed"
"""Settings of a model: how songs were split."""


def train_and_test(material: Material, path: Path, *, split: str, seed: int, teachers: Path) -> tuple[Learned, Tested]:
    """Train on a part of the songs, write the model, and test what the file gives on another part.

    Parameters
    ----------
    path
        of the model; beside it is the checkpoint of a training that was stopped.
    split
        one of `exp_audioconcept.songs.splits.SPLITS`, or auto.
    """
    kind, parts = _split(material, split, seed)
    checkpoint = path.with_name(f"{path.stem}_checkpoint.pt")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    learned = material.train(parts, seed=seed, checkpoint=checkpoint)
    settings = {**learned.settings, SPLIT: kind, SEED: seed, HEARD: heard_names(material, parts)}
    learned = replace(learned, settings=settings)
    save_learned(path, learned)
    checkpoint.unlink(missing_ok=True)
    return learned, test_model(load_model(path, teachers=teachers), material, parts)


def test_again(model: GenreModel, material: Material, *, split: str | None, seed: int | None) -> Tested:
    """Test a model on the part of the songs that it was not trained with; by default its own split.

    Raises
    ------
    UserError
        where it knows other genres, or has heard all songs of that part.
    """
    check_genres(model, sorted(set(material.genres)))
    split = split or str(model.settings.get(SPLIT, "auto"))
    seed = int(model.settings.get(SEED, 0)) if seed is None else seed
    _, parts = _split(material, split, seed)
    return test_model(model, material, parts)


def _split(material: Material, kind: str, seed: int) -> tuple[str, Split]:
    return split_of(kind, names=material.names, genres=material.genres, groups=material.groups, seed=seed)
