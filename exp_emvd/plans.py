"""What is compared on EMVD: experiments, folds by file and by singer, the original's way and the mended one, seeds."""

from __future__ import annotations

from audiokit.experiments.plan import Plan, Setting
from exp_emvd.tasks import EPOCHS, SINGER_TASKS, TECHNIQUE_TASKS

__all__ = ["ALL", "N_SPLITS", "emvd_plans", "needs", "pooled_setting"]

N_SPLITS = 4

STEPS = ("train", "eval", "metric")


FACTORS: dict[str, dict[str, tuple]] = {
    "technique": {"task": TECHNIQUE_TASKS, "folds": ("file", "singer"), "paper": (0, 1)},
    "singer": {"task": SINGER_TASKS, "folds": ("file",), "paper": (0, 1)},
}
"""Plan → factor → modalities. Singers that were never heard cannot be known, so the second has no folds by singer."""

SEEDS = (0, 1, 2)
ALL = "all"
"""The split of settings that pool all splits, as the paper does."""

POOLED = "_pooled"
"""At the end of the names of their plans."""


def emvd_plans(*, epochs: int = EPOCHS, n_splits: int = N_SPLITS) -> dict[str, Plan]:
    """Plans by name: each split by itself, and all splits together.

    Parameters
    ----------
    epochs
        of a training.
    n_splits
        that the folds have.
    """
    plans = {}
    for name, factors in FACTORS.items():
        shared = {**factors, "epoch": (epochs,), "seed": SEEDS}
        plans[name] = Plan(name, {"step": STEPS, **shared, "split": tuple(range(n_splits))})
        plans[name + POOLED] = Plan(name + POOLED, {"step": STEPS[-1:], **shared, "split": (ALL,)})
    return plans


def pooled_setting(setting: Setting) -> Setting:
    """The setting that pools a split's results with those of the others."""
    return Setting(setting.plan + POOLED, {**setting, "step": STEPS[-1], "split": ALL})


def needs(setting: Setting, *, n_splits: int = N_SPLITS) -> list[Setting]:
    """Settings whose outputs a setting works on: those of the step before it, and of all splits where it pools them."""
    if setting["split"] == ALL:
        plan = setting.plan.removesuffix(POOLED)
        return [Setting(plan, {**setting, "step": "eval", "split": split}) for split in range(n_splits)]
    before = dict(zip(STEPS[1:], STEPS, strict=False))
    return [setting.replace(step=before[setting["step"]])] if setting["step"] in before else []
