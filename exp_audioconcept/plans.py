"""What is compared: every model on every split, with several seeds, and these together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.experiments.plan import Plan, Setting

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MODELS", "TOGETHER", "genre_plans", "needs"]

MODELS = ("SVM", "CNN", "VGGish", "CNN2", "head_YamNet", "head_mn04_as")
SPLITS = ("published", "stratified", "filtered", "grouped")
SEEDS = (0, 1, 2, 3, 4)
TOGETHER = "all"
"""Of the seeds: their songs one after the other."""


def genre_plans(*, seeds: Sequence[int] = SEEDS, teachers: Sequence[str] = ()) -> dict[str, Plan]:
    """Plans by name.

    Parameters
    ----------
    seeds
        of splits and networks. The published and the filtered split know no seed, and SVM and heads no chance.
    teachers
        further ones for heads.
    """
    models = tuple(dict.fromkeys((*MODELS, *(f"head_{teacher}" for teacher in teachers))))
    return {"genres": Plan("genres", {"model": models, "split": SPLITS, "seed": (*seeds, TOGETHER)})}


def needs(setting: Setting, *, seeds: Sequence[int] = SEEDS) -> list[Setting]:
    """The seeds that stand together."""
    return [setting.replace(seed=seed) for seed in seeds] if setting["seed"] == TOGETHER else []
