"""The two sizes in which the paper's training experiment is launched, and the models of its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.experiments.selection import select

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audiokit.experiments.plan import Plan, Setting

__all__ = ["EXPERIMENT_SIZES", "TABLE_MODELS", "TEACHERS", "selector", "size_settings", "trainings"]

TEACHERS = ("YamNet", "PANN")
"""The paper's, in its order."""

ORACLE = "reference/transcoder=oracle"
PINV = "reference/transcoder=pinv"
CNN_MELS = "cnn/learning_rate=-3+kernel_size=5+nb_layers=5+dilation=1+nb_channels=64"
CNN_LOGITS = "hybridts/learning_rate=-3+dilation=1+prop_logit=100"
SELF = "ts/transcoder=self+learning_rate=-4"
EFFNET_B0 = "ts/transcoder=effnet_b0+learning_rate=-5"
EFFNET_B7 = "ts/transcoder=effnet_b7+learning_rate=-5"

TABLE_MODELS = (PINV, CNN_MELS, CNN_LOGITS, SELF, EFFNET_B0, EFFNET_B7)
"""In the order of the paper's tables."""

EXPERIMENT_SIZES = {
    "restricted": (ORACLE, *TABLE_MODELS),
    "detailed": (ORACLE, PINV, "mlp/transcoder=mlp_pinv", "cnn/", "hybridts/prop_logit=100", "ts/"),
}
"""Size → models in the paper's order. The paper's `restricted` trains the CNNs under the name dilation=0, where its
tables look for dilation=1; the network is the same, and here it is dilation=1 throughout."""


def selector(model: str, *, dataset: str, classifiers: Sequence[str], epoch: int, **more: str) -> str:
    """Selection of a model with dataset, teachers, epochs if it is trained, and `more` factors."""
    plan, _, conditions = model.partition("/")
    wanted = {"dataset": dataset, "classifier": ",".join(classifiers)}
    wanted |= ({} if plan == "reference" else {"epoch": epoch}) | more
    return f"{plan}/" + "+".join(filter(None, (conditions, *(f"{name}={value}" for name, value in wanted.items()))))


def size_settings(
    size: str, plans: Mapping[str, Plan], *, dataset: str, classifiers: Sequence[str], epoch: int
) -> list[Setting]:
    """All settings of an experiment size, in the paper's order.

    Raises
    ------
    UserError
        for a dataset, a teacher or a number of epochs that the plans do not have.
    """
    return [
        setting
        for model in EXPERIMENT_SIZES[size]
        for setting in select(selector(model, dataset=dataset, classifiers=classifiers, epoch=epoch), plans)
    ]


def trainings(settings: Sequence[Setting]) -> list[list[Setting]]:
    """The settings of each trained model and teacher, which are its steps, in the order of their first."""
    groups: dict[tuple, list[Setting]] = {}
    for setting in settings:
        if setting.plan != "reference":
            model = (setting.plan, *((factor, modality) for factor, modality in setting.items() if factor != "step"))
            groups.setdefault(model, []).append(setting)
    return list(groups.values())
