"""Experiments: plans of settings, what is done for a setting, and what is measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from audiokit.errors import UserError
from audiokit.paths import EXPORT

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
    from pathlib import Path

    from numpy.typing import ArrayLike

    from audiokit.experiments.plan import Plan, Setting

__all__ = ["Experiment", "Metric", "plan_and_step"]

NO_BREAK = "\N{NO-BREAK SPACE}"


def _not_configured(setting: Setting) -> None:
    """Stand in for what `Experiment.configure` gives, once the options tell where things are."""
    raise NotImplementedError(f"the experiment of {setting} has not been configured")


@dataclass(frozen=True)
class Metric:
    """A column of result tables."""

    name: str
    """What the command line calls it."""

    values: Callable[[Setting], ArrayLike | None] = _not_configured
    """Gives one value per file, (n_files,), or a single number, or None where there is no result yet."""

    title: str = ""
    """In tables; by default the name."""

    direction: Literal["lower", "higher"] = "lower"
    """Which is better."""

    decimals: int = 2
    percent: bool = False
    """Whether to show fractions as percentages."""

    significance: bool = True
    """Whether to test differences from the best; a single number per setting never is."""

    @property
    def heading(self) -> str:
        """Title with unit and an arrow that tells which direction is better."""
        unit = " (%)" if self.percent else ""
        return f"{self.title or self.name}{unit}{NO_BREAK}{'↓' if self.direction == 'lower' else '↑'}"


def plan_and_step(setting: Setting) -> Hashable:
    """The usual stage: a step (train, evaluate, metric …) builds on what the one before it has left."""
    return setting.plan, setting.get("step")


@dataclass(frozen=True)
class Experiment:
    """Plans of settings, what is done for a setting, and what is measured."""

    name: str
    plans: Mapping[str, Plan]
    root: Path
    """Folder that everything is written to."""

    run: Callable[[Setting], object] = _not_configured
    """Does all the work of one setting."""

    is_done: Callable[[Setting], bool] = _not_configured
    """Whether the outputs of a setting are there and whole."""

    outputs: Callable[[Setting], Iterable[Path]] = _not_configured
    """Files and folders that `run` writes."""

    begun: Callable[[], Iterable[str]] | None = None
    """Identifiers that files in the folder are named by, where plans are so large that no one looks for the files of
    each setting; by default, all settings are gone through."""

    metrics: tuple[Metric, ...] = ()
    description: str = ""
    """For `--help`."""

    titles: Mapping[str, str] = field(default_factory=dict)
    """Factor → title in tables; by default the name with spaces."""

    pairing: tuple[str, ...] = ("dataset",)
    """Factors that settings must share for their files to be the same, so that a paired test makes sense."""

    stage: Callable[[Setting], Hashable] = plan_and_step
    """Settings in a row with the same stage do not need each other: they may be computed at once."""

    needs: Callable[[Setting], Collection[Setting]] | None = None
    """Settings whose outputs a setting works on. Processes then wait for these alone, not for the stage before, and
    leave out what needs a setting that has failed."""

    lacks: Callable[[Setting], str] | None = None
    """What is missing for a setting to be computed at all, in words; nothing where it can be. Such settings are left
    out, as long as there are others."""

    script: Path | None = None
    """Script that calls `experiment_cli.main`; it is run again for each setting where there are several jobs."""

    export: Path = EXPORT
    """Folder for exported tables."""

    add_arguments: Callable[[ArgumentParser], object] | None = None
    """Adds the experiment's own options to the command line."""

    configure: Callable[[Experiment, Namespace], Experiment] | None = None
    """Makes the experiment that these options ask for."""

    options: Mapping[str, object] = field(default_factory=dict)
    """These options; they are written down with each result."""

    deciding: Callable[[Setting], Collection[str]] | None = None
    """Options on which it depends what a setting leaves. Where a setting that is done was given others, it is told."""

    def metric(self, name: str) -> Metric:
        """A metric by its name or its number, from 0.

        Raises
        ------
        UserError
            where there is none.
        """
        by_name = {metric.name: metric for metric in self.metrics}
        if name in by_name:
            return by_name[name]
        if name.isdecimal() and int(name) < len(self.metrics):
            return self.metrics[int(name)]
        valid = ", ".join(f"{name} ({number})" for number, name in enumerate(by_name))
        raise UserError(f"no metric {name!r} in {self.name}: choose among {valid}")
