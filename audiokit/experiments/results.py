"""From the results of an experiment to the table that a user asks for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.experiments.tables.result_table import ResultTable, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from audiokit.experiments.experiment import Experiment, Metric
    from audiokit.experiments.plan import Setting

__all__ = ["METRIC_STEP", "Display", "FoundRows", "parse_display", "result_rows", "result_table"]

METRIC_STEP = "metric"
"""The step whose settings stand in tables, where a plan has steps."""


@dataclass(frozen=True)
class Display:
    """What a table shows of each setting."""

    metrics: tuple[Metric, ...]
    factor: str | None = None
    """Whose modalities are the columns, for the one metric."""


def parse_display(text: str, experiment: Experiment) -> Display:
    """Read what to display.

    Parameters
    ----------
    text
        metrics by name or number, with commas between them, perhaps in []; all where it is empty;
        `factor:metric` for a column for each modality of the factor.
    experiment

    Raises
    ------
    UserError
        for metrics and factors that the experiment does not have.
    """
    factor, colon, names = text.rpartition(":")
    names = names.strip(" []")
    metrics = tuple(experiment.metric(name.strip(" '\"")) for name in names.split(",")) if names else experiment.metrics
    if not colon:
        return Display(metrics)
    factors = dict.fromkeys(name for plan in experiment.plans.values() for name in plan.factors)
    if factor not in factors:
        raise UserError(f"no factor {factor!r} in {experiment.name}: choose among {', '.join(factors)}")
    if len(metrics) != 1:
        raise UserError(f"{text!r} needs one metric: give its name or number after the colon, as in {factor}:0")
    return Display(metrics, factor)


@dataclass
class FoundRows:
    """Rows of a table, and how many settings have none."""

    rows: list[Row] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    """Of the rows."""

    n_missing: int = 0
    """Settings without a result."""

    n_stale: int = 0
    """Settings whose results are left out, for they are not done."""

    @property
    def stale_line(self) -> str:
        """What to say of those; nothing where there are none."""
        if self.n_stale == 1:
            return "1 result is left out, older than what it is made of, or not whole: compute it again with -c"
        reason = "older than what they are made of, or not whole"
        return f"{self.n_stale} results are left out, {reason}: compute them again with -c" if self.n_stale else ""


def result_rows(
    settings: Iterable[Setting], metrics: Sequence[Metric], *, is_done: Callable[[Setting], bool]
) -> FoundRows:
    """Rows of the settings that have a result for some of the metrics, and are done.

    Stale results may be of other files than those of the others, and no table should compare them. Where settings have
    a step, the results are those of the step `metric`.
    """
    measured = (setting.replace(step=METRIC_STEP) if "step" in setting else setting for setting in settings)
    found = FoundRows()
    for setting in dict.fromkeys(measured):
        values = {metric.name: metric.values(setting) for metric in metrics}
        if all(value is None for value in values.values()):
            found.n_missing += 1
        elif is_done(setting):
            found.rows.append(Row(dict(setting), values))
            found.settings.append(setting)
        else:
            found.n_stale += 1
    return found


def result_table(
    experiment: Experiment,
    rows: Sequence[Row],
    display: Display | None = None,
    *,
    caption: str = "",
    extra_rows: Sequence[Row] = (),
    extra_heading: str = "",
) -> ResultTable:
    """Table of an experiment's results.

    Parameters
    ----------
    experiment
    rows
        as `result_rows` gives them.
    display
        all metrics by default.
    caption
    extra_rows
        for the end of the table, such as published results.
    extra_heading
        of these.

    Raises
    ------
    UserError
        where there is no row.
    """
    display = display or Display(experiment.metrics)
    table = ResultTable(
        display.metrics,
        rows,
        caption=caption,
        extra_rows=extra_rows,
        extra_heading=extra_heading,
        titles=experiment.titles,
        pairing=experiment.pairing,
    )
    if display.factor:
        table = _by_modality(table, display.factor)
    if not table.rows:
        raise UserError("none of the selected settings has a result yet: compute them with -c, or select others")
    return table


def _by_modality(table: ResultTable, factor: str) -> ResultTable:
    """The results of a single metric, with a column for each modality of a factor; rows without it are left out."""
    (metric,) = table.metrics
    everything = [row for row in (*table.rows, *table.extra_rows) if factor in row.factors]
    modalities = dict.fromkeys(str(row.factors[factor]) for row in everything)
    columns = [replace(metric, name=name, title=f"{table.title(factor)} {name}") for name in modalities]
    return replace(
        table,
        metrics=columns,
        rows=_spread(table.rows, metric, factor),
        extra_rows=_spread(table.extra_rows, metric, factor),
        caption=", ".join(filter(None, (table.caption, metric.title or metric.name))),
    )


def _spread(rows: Sequence[Row], metric: Metric, factor: str) -> list[Row]:
    """Make one row of those that differ in a factor only."""
    merged: dict[tuple, Row] = {}
    for row in rows:
        if factor in row.factors:
            others = {name: modality for name, modality in row.factors.items() if name != factor}
            target = merged.setdefault(tuple(others.items()), Row(others, {}))
            target.values[str(row.factors[factor])] = row.values[metric.name]
    return list(merged.values())
