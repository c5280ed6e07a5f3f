"""What is compared: datasets, blocks, one level or three, seeds; and the predecessor's wide excitations."""

from __future__ import annotations

from audiokit.experiments.plan import Plan, Setting

__all__ = ["SEEDS", "needs", "samplecnn_plans"]

STEPS = ("train", "metric")
SEEDS = (0, 1, 2)

FACTORS: dict[str, dict[str, object]] = {
    "blocks": {
        "step": STEPS,
        "dataset": ("mtt", "scd", "dcs"),
        "block": ("basic", "se", "res1", "res2", "rese1", "rese2"),
        "multi": (0, 1),
        "ratio": 0.125,
        "seed": SEEDS,
    },
    "predecessor": {
        "step": STEPS,
        "dataset": "mtt",
        "block": ("se", "rese1", "rese2"),
        "multi": (1, 0),
        "ratio": 16,
        "seed": SEEDS,
    },
}
"""Plan → factor → modalities; `ratio` is that of the hidden channels of an excitation to its channels."""


def samplecnn_plans() -> dict[str, Plan]:
    """Plans by name."""
    return {name: Plan(name, factors) for name, factors in FACTORS.items()}


def needs(setting: Setting) -> list[Setting]:
    """Settings whose outputs a setting works on: a network is measured once it is trained."""
    return [setting.replace(step="train")] if setting["step"] == "metric" else []
