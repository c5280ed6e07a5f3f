"""Trainings told to TensorBoard and Weights & Biases, each only where it is asked for and installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError
from exp_audioconcept.classifiers.reporting import stamp
from exp_audioconcept.places import RUNS

if TYPE_CHECKING:
    from pathlib import Path

    from exp_audioconcept.classifiers.learned import Learned
    from exp_audioconcept.classifiers.network.training import NetworkSettings
    from exp_audioconcept.classifiers.testing import Tested

__all__ = ["tell_wandb", "tensorboard_folder"]

PROJECT = "audio-concept"


def tensorboard_folder(kind: str, network: NetworkSettings | None) -> Path:
    """Where TensorBoard finds the curves of a training that begins now: its name has the learning rate."""
    rate = f"_LR_{network.learning_rate:g}" if network else ""
    return RUNS / f"GTZAN_{kind}_{stamp()}{rate}"


def tell_wandb(learned: Learned, tested: Tested) -> None:
    """Log a training: parameters, the grid's results or the curves, figures by genre, and the confusion matrix.

    Raises
    ------
    UserError
        where its library is not installed.
    """
    try:
        import wandb
    except ImportError as error:
        raise UserError("--wandb needs the library of Weights & Biases: pip install wandb") from error
    told = dict(learned.told)
    grid = told.pop("grid_search_results", [])
    plain = {name: value for name, value in told.items() if not isinstance(value, list)}
    with wandb.init(project=PROJECT, name=f"{learned.kind.lower()}_genre_classifier", config=plain) as run:
        if grid:
            columns = sorted({name for row in grid for name in row})
            rows = [[str(row.get(name, "")) for name in columns] for row in grid]
            run.log({"grid_search_results": wandb.Table(columns=columns, data=rows)})
        by_genre = [[genre, *figures.values()] for genre, figures in tested.by_genre().items()]
        columns = ["genre", "precision", "recall", "f1", "songs"]
        run.log({"by_genre": wandb.Table(columns=columns, data=by_genre), "test_accuracy": tested.accuracy})
        for name in ("accuracy_valid", "losses_valid"):
            for epoch, value in enumerate(learned.losses.get(name, ())):
                run.log({name: value, "epoch": epoch})
