"""The command line of experiments, with doce's flags."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from audiokit.experiments.computing import compute
from audiokit.experiments.journal import journal_path
from audiokit.experiments.selection import selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from audiokit.experiments.experiment import Experiment
    from audiokit.experiments.masked_plans import MaskedPlans
    from audiokit.experiments.plan import Plan, Setting
    from audiokit.experiments.results import Display

__all__ = ["main", "tell_failed"]

ACTIONS = ("plans", "list", "remove", "compute", "progress", "display", "export")

EPILOG = """\
selections:
  PLAN/                                a plan, by name or number; -p shows what there is
  PLAN/FACTOR=MODALITY+FACTOR=A,B      settings that have these modalities
  PLAN+PLAN/FACTOR=A                   of several plans; without PLAN/, of all
  PLAN/FACTOR=A,PLAN/FACTOR=B          one or the other
  "{'FACTOR': 'A', 'FACTOR': [1, 2]}"  the same as a Python dictionary, or a list of these
  "PLAN/[0, [1, 2], -1]"               positions of modalities, factor by factor, -1 for all
"""


def main(experiment: Experiment, arguments: Sequence[str] | None = None) -> int:
    """Do what a command line asks of an experiment.

    Parameters
    ----------
    experiment
    arguments
        those of the process by default.

    Returns
    -------
    int
        exit status: 1 where settings have failed.
    """
    parser = _parser(experiment)
    parser.parse_args(arguments)
    options, own_arguments = _common_parser().parse_known_args(arguments)
    if all(getattr(options, action) in (None, False) for action in ACTIONS):
        parser.error("nothing to do: give -c, -d, -e, -l, -p, -P or -R")
    experiment = _configured(experiment, own_arguments)
    masked = selected(options.select, experiment.plans)
    report = _Report.read(options, experiment)
    if options.plans:
        print(_plans_text(experiment, masked.counts()))
    if options.list:
        for setting in masked:
            print(setting)
    if options.remove:
        _remove(experiment, masked, ask=not options.yes)
    failed = _compute(experiment, masked, options, own_arguments) if options.compute else []
    if options.progress:
        print(_progress_text(experiment, masked))
    if report:
        report.make(experiment, masked)
    return 1 if failed else 0


def _begun(experiment: Experiment, masked: MaskedPlans) -> Iterable[Setting]:
    """Settings that may have left something."""
    return masked.named(experiment.begun()) if experiment.begun else masked


def _parser(experiment: Experiment) -> argparse.ArgumentParser:
    """Parser of all options, for help and complaints."""
    return argparse.ArgumentParser(
        description=experiment.description or f"The experiment {experiment.name}.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common_parser(), _own_parser(experiment)],
        allow_abbrev=False,
    )


def _common_parser() -> argparse.ArgumentParser:
    """Parser of the options that every experiment has."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add = parser.add_argument
    add("-s", "--select", default="", metavar="SELECTION", help="settings to work on, see below; all by default")
    add("-p", "--plans", action="store_true", help="show factors and modalities of the plans")
    add("-l", "--list", action="store_true", help="list identifiers of the settings")
    add("-P", "--progress", action="store_true", help="show how many settings are done")
    add("-c", "--compute", type=cli.positive, nargs="?", const=1, metavar="JOBS", help="compute, in some processes")
    add("-S", "--skip", action="store_true", help="leave out what is done")
    add("-D", "--detached", action="store_true", help="go on after failures, and report them at the end")
    add("-d", "--display", nargs="?", const="", metavar="METRICS", help="show results: 0, [0,2], NAME or FACTOR:METRIC")
    add("-e", "--export", metavar="FILE", help="write results to export/FILE: .png, .pdf, .html, .tex or .csv")
    add("-R", "--remove", action="store_true", help="remove the outputs of the settings")
    add("--yes", action="store_true", help="do not ask before removing")
    return parser


def _own_parser(experiment: Experiment) -> argparse.ArgumentParser:
    """Parser of the options that only this experiment has."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    if experiment.add_arguments:
        experiment.add_arguments(parser)
    return parser


def _configured(experiment: Experiment, own_arguments: Sequence[str]) -> Experiment:
    own = _own_parser(experiment).parse_args(own_arguments)
    experiment = replace(experiment, options=vars(own))
    return experiment.configure(experiment, own) if experiment.configure else experiment


def _plans_text(experiment: Experiment, n_selected: Mapping[str, int]) -> str:
    """Factors and modalities of the plans of which settings are selected."""
    return "\n\n".join(
        _plan_text(number, plan, n_selected[plan.name])
        for number, plan in enumerate(experiment.plans.values())
        if plan.name in n_selected
    )


def _plan_text(number: int, plan: Plan, n_selected: int) -> str:
    width = max(map(len, plan.factors))
    some = "" if n_selected == len(plan) else f", {n_selected} selected"
    lines = [f"{number} {plan.name}: {len(plan)} settings{some}"]
    for position, (factor, modalities) in enumerate(plan.factors.items()):
        lines.append(f"  {position:2} {factor:{width}}  {', '.join(map(str, modalities))}")
    return "\n".join(lines)


def _progress_text(experiment: Experiment, masked: MaskedPlans) -> str:
    """How many settings of each plan are done."""
    done = Counter(setting.plan for setting in _begun(experiment, masked) if experiment.is_done(setting))
    totals = Counter(masked.counts())
    counts = [(plan, done[plan], total) for plan, total in totals.items()]
    if len(counts) > 1:
        counts.append(("in all", done.total(), totals.total()))
    names = max(len(name) for name, *_ in counts)
    digits = len(str(totals.total()))
    return "\n".join(f"{name:{names}}  {n_done:{digits}} of {total:{digits}} done" for name, n_done, total in counts)


def _remove(experiment: Experiment, masked: MaskedPlans, *, ask: bool) -> None:
    """Remove what the settings have written, and what was noted about them."""
    settings = list(_begun(experiment, masked))
    outputs = (path for setting in settings for path in experiment.outputs(setting))
    journals = (journal_path(experiment.root, setting) for setting in settings)
    paths = [path for path in dict.fromkeys((*outputs, *journals)) if path.exists()]
    if paths and ask and not _agreed(f"remove {len(paths)} outputs from {experiment.root}? [y/N] "):
        raise UserError("nothing was removed: answer y, or add --yes")
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    print(f"{len(paths)} outputs removed")


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _compute(
    experiment: Experiment, masked: MaskedPlans, options: argparse.Namespace, own_arguments: Sequence[str]
) -> list[Setting]:
    failed = compute(
        experiment,
        masked,
        jobs=options.compute,
        skip=options.skip,
        detached=options.detached,
        arguments=own_arguments,
    )
    tell_failed(failed, len(masked))
    return failed


def tell_failed(failed: Sequence[Setting], n_settings: int) -> None:
    """Say on stderr which of so many settings failed, if any."""
    if failed:
        names = "".join(f"\n  {setting}" for setting in failed)
        print(f"error: {len(failed)} of {n_settings} settings failed:{names}", file=sys.stderr)


@dataclass(frozen=True)
class _Report:
    """A table to show, to export, or both."""

    display: Display
    show: bool
    export: Path | None

    @classmethod
    def read(cls, options: argparse.Namespace, experiment: Experiment) -> _Report | None:
        """What the command line asks for, checked before hours of computing."""
        if options.display is None and options.export is None:
            return None
        from audiokit.experiments.results import parse_display
        from audiokit.experiments.tables.writing import check_format

        return cls(
            display=parse_display(options.display or "", experiment),
            show=options.display is not None,
            export=check_format(_export_path(experiment, options.export)) if options.export is not None else None,
        )

    def make(self, experiment: Experiment, masked: MaskedPlans) -> None:
        """Show and export the results of the settings, and say how many have none, or stale ones."""
        from audiokit.experiments.results import METRIC_STEP, result_rows, result_table
        from audiokit.experiments.tables.writing import to_text, write_table

        measured = masked.replaced("step", METRIC_STEP)
        found = result_rows(_begun(experiment, measured), self.display.metrics, is_done=experiment.is_done)
        if found.n_stale and not found.rows:
            raise UserError(found.stale_line)
        n_missing = len(measured) - len(found.rows) - found.n_stale
        table = result_table(experiment, found.rows, self.display)
        if self.show:
            print(to_text(table, bold=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
        if n_missing:
            print(f"{n_missing} settings have no result yet")
        if found.n_stale:
            print(found.stale_line)
        if n_others := sum(self.display.factor not in row.factors for row in found.rows if self.display.factor):
            print(f"{n_others} results are left out, since they have no {self.display.factor}")
        if self.export:
            print(write_table(table, self.export))


def _export_path(experiment: Experiment, name: str) -> Path:
    """Where to export to: a bare name goes into the folder for exports."""
    return Path(name) if os.path.dirname(name) else experiment.export / name
