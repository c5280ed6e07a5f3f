"""What is trained and compared: the paper's five plans, with the factors that their models have, and two of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.experiments.plan import Plan, Setting

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CLASSIFIERS", "DATASETS", "needs", "training_plans"]

CLASSIFIERS = ("YamNet", "PANN", "mn04_as")
"""The paper's two teachers come first, so that settings keep the paper's order."""

DATASETS = ("TEST", "full", "urban")
MEL_DATASETS = ("urban_mel_time", "urban_mel_freq")
"""Third octaves made from the Mel bands themselves; only for models without training, and the CNN."""

TRAINED = ("train", "evaluate", "metric")
LEARNING_RATES = (-3, -4, -5)
"""Decimal logarithms."""


FACTORS: dict[str, dict[str, object]] = {
    "reference": {
        "ts": 0,
        "step": ("evaluate", "metric"),
        "transcoder": ("oracle", "pinv"),
        "dataset": (*DATASETS, *MEL_DATASETS),
        "classifier": CLASSIFIERS,
    },
    "mlp": {
        "ts": 0,
        "step": TRAINED,
        "transcoder": ("mlp", "mlp_pinv"),
        "dataset": DATASETS,
        "classifier": CLASSIFIERS,
        "epoch": (1, 10, 200),
        "learning_rate": LEARNING_RATES,
        "hidden1": (100, 300),
        "hidden2": (1000, 3000),
    },
    "cnn": {
        "ts": 0,
        "step": TRAINED,
        "transcoder": "cnn_pinv",
        "dataset": (*DATASETS, *MEL_DATASETS),
        "classifier": CLASSIFIERS,
        "epoch": (1, 10, 100, 200),
        "learning_rate": LEARNING_RATES,
        "kernel_size": (3, 5),
        "nb_layers": (1, 3, 5),
        "dilation": (0, 1, 2, 3),
        "nb_channels": (16, 64),
    },
    "hybridts": {
        "ts": 1,
        "step": TRAINED,
        "transcoder": "cnn_pinv",
        "dataset": DATASETS,
        "classifier": CLASSIFIERS,
        "epoch": (1, 5, 10, 20, 50, 100, 200, 400),
        "learning_rate": LEARNING_RATES,
        "kernel_size": 5,
        "nb_layers": 5,
        "dilation": (0, 1),
        "nb_channels": 64,
        "prop_logit": (100, 50),
    },
    "ts": {
        "ts": 1,
        "step": TRAINED,
        "transcoder": ("self", "effnet_b0", "effnet_b7"),
        "dataset": DATASETS,
        "classifier": CLASSIFIERS,
        "learning_rate": LEARNING_RATES,
        "epoch": (1, 5, 10, 20, 50, 100, 150, 200, 300, 400),
    },
    "generalise": {
        "ts": 1,
        "step": TRAINED,
        "transcoder": ("tcn_pinv", "cnn_pinv"),
        "objective": ("likelihood", "distillation", "scores", "mels"),
        "dataset": DATASETS,
        "classifier": CLASSIFIERS,
        "epoch": (1, 2, 5, 10, 20, 50, 100),
        "learning_rate": (-3, -3.5, -4, -5),
        "schedule": ("cosine", "constant"),
        "averaging": (1, 0),
        "balance": (1, 0),
        "augmentation": (1, 0),
        "seed": (0, 1, 2),
    },
    "tagger": {
        "ts": 1,
        "step": TRAINED,
        "transcoder": "tagger",
        "cadence": ("fast", "slow"),
        "beside": (1, 0),
        "dataset": DATASETS,
        "classifier": CLASSIFIERS,
        "epoch": (1, 2, 5, 10, 20, 50, 100),
        "learning_rate": (-3, -3.5, -4, -5),
        "schedule": ("cosine", "constant"),
        "averaging": (1, 0),
        "balance": (1, 0),
        "seed": (0, 1, 2),
    },
}
"""Plan → factor → modalities; the first factor is the outermost loop."""


def training_plans(*, datasets: Sequence[str] = ()) -> dict[str, Plan]:
    """Plans by name.

    Parameters
    ----------
    datasets
        names of further datasets, after those of the paper.
    """
    return {
        name: Plan(name, factors | {"dataset": tuple(dict.fromkeys((*factors["dataset"], *datasets)))})
        for name, factors in FACTORS.items()
    }


def needs(setting: Setting) -> list[Setting]:
    """Settings whose outputs a setting works on.

    Each step needs the one before it; training on scores, and every comparison, needs the teacher's scores besides.
    """
    oracle = {"ts": 0, "step": "evaluate", "transcoder": "oracle"}
    scores = Setting("reference", oracle | {name: setting[name] for name in ("dataset", "classifier")})
    step = setting["step"]
    needed = []
    if step == "metric" and setting["transcoder"] != "oracle":
        needed.append(setting.replace(step="evaluate"))
    if step == "evaluate" and setting.plan != "reference":
        needed.append(setting.replace(step="train"))
    learns_from_stored = setting.get("objective", "scores") == "scores" and not setting.get("augmentation")
    uses_scores = learns_from_stored or setting.get("balance")
    if step == "metric" or (step == "train" and setting["ts"] == 1 and uses_scores):
        needed.append(scores)
    return needed
