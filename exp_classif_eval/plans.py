"""What is compared: groups of labels, and a small head on the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.experiments.plan import Plan, Setting
from exp_classif_eval.labelled_datasets import labelled_datasets
from spectral_transcoder.classification.scored_models import TRANSCODERS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CLASSIFIERS", "classification_plans", "needs"]

CLASSIFIERS = ("PANN", "YamNet", "mn04_as")
PAPER_TRANSCODERS = ("self", "cnn")
"""They come first, so that settings keep the paper's order."""

STEPS = {"reference": "metric", "deep": ("train", "eval", "metric")}


def classification_plans(*, classifiers: Sequence[str] = (), transcoders: Sequence[str] = ()) -> dict[str, Plan]:
    """Plans by name.

    Parameters
    ----------
    classifiers, transcoders
        further ones, after the usual ones.
    """
    return {
        name: Plan(
            name,
            {
                "deep": int(name == "deep"),
                "step": steps,
                "transcoder": tuple(dict.fromkeys((*PAPER_TRANSCODERS, *TRANSCODERS, *transcoders))),
                "classifier": tuple(dict.fromkeys((*CLASSIFIERS, *classifiers))),
                "dataset": tuple(labelled_datasets()),
            },
        )
        for name, steps in STEPS.items()
    }


def needs(setting: Setting) -> list[Setting]:
    """Settings whose outputs a setting works on: with a head, each step needs the one before it."""
    if setting["deep"] == 0 or setting["step"] == "train":
        return []
    return [setting.replace(step="train" if setting["step"] == "eval" else "eval")]
