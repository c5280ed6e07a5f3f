"""Tables of results: settings and what was measured of them, and what goes into which cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audiokit.experiments.significance import LEVEL, Verdict, judge
from audiokit.experiments.tables.sheet import MISSING, Cell, Section, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from audiokit.experiments.experiment import Metric

__all__ = ["ResultTable", "Row"]

CLOSE_NOTE = f"* not significantly different from the best (paired t-test, p > {LEVEL:g})"


@dataclass(frozen=True)
class Row:
    """A setting and its results."""

    factors: Mapping[str, object]
    """Factor → modality."""

    values: Mapping[str, ArrayLike | None]
    """Name of the metric → one value per file, (n_files,), or a single number; fractions where it is a percentage."""


@dataclass(frozen=True)
class ResultTable:
    """Results of settings: columns of factors, then columns of metrics.

    Parameters
    ----------
    metrics
        of the columns.
    rows
    caption
        is followed by the factors that all rows share.
    extra_rows
        that take no part in the comparison, such as published numbers.
    extra_heading
        of these.
    titles
        factor → title of its column.
    pairing
        factors that rows must share for their values to be of the same files, and so to be tested.
    hidden
        factors to leave out.
    """

    metrics: Sequence[Metric]
    rows: Sequence[Row]
    caption: str = ""
    extra_rows: Sequence[Row] = ()
    extra_heading: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    pairing: Sequence[str] = ("dataset",)
    hidden: Sequence[str] = ("step",)

    @property
    def factors(self) -> list[str]:
        """All factors that any row has, in the order in which they come."""
        names = dict.fromkeys(name for row in (*self.rows, *self.extra_rows) for name in row.factors)
        return [name for name in names if name not in self.hidden]

    @property
    def constants(self) -> dict[str, object]:
        """Factors that several rows share, with their modality."""
        if len(self.rows) < 2:
            return {}
        first = self.rows[0].factors
        return {name: first[name] for name in self.factors if name in first and self._is_shared(name)}

    def _is_shared(self, name: str) -> bool:
        modality = str(self.rows[0].factors[name])
        return all(name in row.factors and str(row.factors[name]) == modality for row in self.rows) and all(
            str(row.factors.get(name, modality)) == modality for row in self.extra_rows
        )

    def title(self, factor: str) -> str:
        """Readable name of a factor."""
        return self.titles.get(factor, factor.replace("_", " "))

    def verdicts(self, metric: Metric) -> list[Verdict]:
        """Comparison of the rows by a metric; of the extra rows only the means."""
        groups = [tuple(str(row.factors.get(name)) for name in self.pairing) for row in self.rows]
        values = [row.values.get(metric.name) for row in self.rows]
        extra = [judge([row.values.get(metric.name)], direction=metric.direction)[0].mean for row in self.extra_rows]
        compared = judge(values, direction=metric.direction, significance=metric.significance, groups=groups)
        return [*compared, *map(Verdict, extra)]

    def sheet(self) -> Sheet:
        """The table as people look at it."""
        constants = self.constants
        factors = [name for name in self.factors if name not in constants]
        results = zip(*(self.verdicts(metric) for metric in self.metrics), strict=True)
        rows = [
            [
                *(_factor_cell(row.factors.get(name)) for name in factors),
                *(_result_cell(verdict, metric) for verdict, metric in zip(verdicts, self.metrics, strict=True)),
            ]
            for row, verdicts in zip((*self.rows, *self.extra_rows), results, strict=True)
        ]
        sections = [Section("", rows[: len(self.rows)])]
        if self.extra_rows:
            sections.append(Section(self.extra_heading, rows[len(self.rows) :]))
        shared = ", ".join(f"{self.title(name)} {modality}" for name, modality in constants.items())
        return Sheet(
            caption=": ".join(filter(None, (self.caption, shared))),
            header=[*map(self.title, factors), *(metric.heading for metric in self.metrics)],
            sections=sections,
            notes=[CLOSE_NOTE] if any(cell.close for row in rows for cell in row) else [],
        )


def _factor_cell(modality: object) -> Cell:
    if modality is None:
        return Cell(MISSING)
    return Cell(str(modality), number=isinstance(modality, int | float) and not isinstance(modality, bool))


def _result_cell(verdict: Verdict, metric: Metric) -> Cell:
    if verdict.mean is None:
        return Cell(MISSING)
    text = f"{verdict.mean * (100 if metric.percent else 1):.{metric.decimals}f}"
    return Cell(text, number=True, best=verdict.best, close=verdict.close, p_value=verdict.p_value)
