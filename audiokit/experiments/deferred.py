"""Methods of an object that is made when it is first needed, so that nothing else waits for its imports."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audiokit.experiments.experiment import Experiment

__all__ = ["methods_of", "with_methods_of"]


def methods_of(make: Callable[[], object]) -> Callable[[str], Callable[..., Any]]:
    """Access to methods, by name, of what `make()` gives.

    It is called once, when the first of these methods is. An experiment's settings are so listed and counted before
    PyTorch, which their computing needs, would be imported.
    """
    made = cache(make)

    def method(name: str) -> Callable[..., Any]:
        def call(*arguments: object, **named: object) -> Any:
            return getattr(made(), name)(*arguments, **named)

        return call

    return method


def with_methods_of(
    experiment: Experiment, make: Callable[[], object], *, others: Sequence[str] = (), **changes: object
) -> Experiment:
    """An experiment whose steps are methods of what `make()` gives, which is called when the first of them is.

    Parameters
    ----------
    experiment
        with its metrics.
    make
        gives an object with methods `run(setting)`, `is_done(setting)`, `outputs(setting)` and
        `result(setting, name=…)`, the last for a metric's values.
    others
        further fields of the experiment that are methods of that object.
    changes
        of other fields of the experiment.
    """
    method = methods_of(make)
    return replace(
        experiment,
        **{name: method(name) for name in ("run", "is_done", "outputs", *others)},
        metrics=tuple(
            replace(metric, values=partial(method("result"), name=metric.name)) for metric in experiment.metrics
        ),
        **changes,
    )
