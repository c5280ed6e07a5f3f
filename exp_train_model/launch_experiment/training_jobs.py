"""The training experiment as jobs for a cluster: the teachers' scores and PINV, then each model with each teacher."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from audiokit.experiments.plan import selector
from audiokit.experiments.slurm.scripts import Job
from exp_train_model.experiment_sizes import trainings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from audiokit.experiments.plan import Setting
    from exp_train_model.launch_experiment.launch_options import Launch

__all__ = ["reference_job", "training_jobs"]

SCRIPT = "exp_train_model/main_doce_training.py"
REFERENCE = "reference"


def reference_job(launch: Launch, *, python: str) -> Job:
    """What all others depend on: the teachers' scores, and PINV, which is not trained."""
    settings = [setting for setting in launch.settings if setting.plan == REFERENCE]
    datasets, classifiers = (dict.fromkeys(s[name] for s in settings) for name in ("dataset", "classifier"))
    selection = f"{REFERENCE}/dataset={','.join(datasets)}+classifier={','.join(classifiers)}"
    return Job(REFERENCE, _command(launch, selection, python))


def training_jobs(launch: Launch, *, python: str) -> list[Job]:
    """A job for each model and teacher: its steps, one after the other.

    In the order of the original's jobs: that of the settings, but PANN's CNN comes before YamNet's.
    """
    groups = trainings(launch.settings)
    if launch.size == "restricted":
        groups.sort(key=lambda steps: steps[0].plan != "cnn" or steps[0]["classifier"] != "PANN")
    firsts = [steps[0] for steps in groups]
    return [
        Job(name, _command(launch, selector(first.plan, _without_step(first)), python))
        for name, first in zip(_names(firsts), firsts, strict=True)
    ]


def _command(launch: Launch, selection: str, python: str) -> list[str]:
    # -S: a job that is queued again, or submitted again, goes on with what is left.
    return [python, SCRIPT, *launch.arguments, "-s", selection, "-c", "-S"]


def _without_step(setting: Setting) -> dict:
    return {factor: modality for factor, modality in setting.items() if factor != "step"}


def _names(settings: Sequence[Setting]) -> list[str]:
    """Short names, with the factors in which settings of the same plan differ where the names are the same."""
    names = [f"{_model(setting)}_{setting['classifier']}" for setting in settings]
    counts = Counter(names)
    plans = {setting.plan for setting in settings}
    differing = {plan: _differing(setting for setting in settings if setting.plan == plan) for plan in plans}
    return [
        "_".join((name, *(f"{factor}={setting[factor]}" for factor in differing[setting.plan])))
        if counts[name] > 1
        else name
        for name, setting in zip(names, settings, strict=True)
    ]


def _model(setting: Setting) -> str:
    return setting["transcoder"] if setting.plan in ("ts", "mlp") else setting.plan


def _differing(settings: Iterable[Setting]) -> list[str]:
    """Factors of a plan in which its settings differ, but for those that short names tell."""
    modalities: dict[str, set] = {}
    for setting in settings:
        for factor, modality in setting.items():
            modalities.setdefault(factor, set()).add(modality)
    told = ("step", "transcoder", "classifier")
    return [factor for factor, different in modalities.items() if len(different) > 1 and factor not in told]
