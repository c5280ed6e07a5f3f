"""Options of a command line that writes batch scripts: what the cluster wants to know."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.experiments.slurm.scripts import Site

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

__all__ = ["add_site_arguments", "read_site"]


def add_site_arguments(parser: ArgumentParser) -> None:
    """Add the options of a site."""
    add = parser.add_argument_group("cluster").add_argument
    add(
        "--partition", default=Site.partition, help="the cluster's own by default, as for what else has no default here"
    )
    add("--account", default=Site.account, help="project to charge")
    add("--qos", default=Site.qos, help="quality of service")
    add("--time", default=Site.time, help="limit of a job: hours:minutes:seconds, days-hours or minutes")
    add("--gpus", type=int, default=Site.gpus, help="of a job")
    add("--cpus", type=cli.positive, default=Site.cpus, help="cores of a job")
    add("--memory", default=Site.memory, help="of a job, as 40G")
    add("--constraint", default=Site.constraint, help="features that nodes must have")
    add("--hint", default=Site.hint, help="to SLURM on how to bind cores; '' for none")
    add("--sbatch", nargs="+", default=[], metavar="OPTION", help="more options, without dashes: mail-type=END")
    add("--modules", nargs="+", default=[], metavar="NAME", help="to load before the command")
    add(
        "--setup",
        nargs="+",
        default=[],
        metavar="COMMAND",
        help="lines of bash after that, as 'source env/bin/activate'",
    )
    add("--python", default=sys.executable, help="interpreter; give python3 for that of --modules or --setup")
    add("--requeue", action="store_true", help="let jobs that were preempted or run out of time go on in another turn")
    add("--warning", type=cli.positive, default=Site.warning_s, metavar="SECONDS", help="before the limit, to save in")
    add("--most_requeues", type=cli.positive, default=Site.most_requeues, metavar="N", help="of a job out of time")


def read_site(options: Namespace, *, logs: Path) -> Site:
    """The site that the options describe.

    Raises
    ------
    UserError
        as `Site` does.
    """
    return Site(
        partition=options.partition,
        account=options.account,
        qos=options.qos,
        time=options.time,
        gpus=options.gpus,
        cpus=options.cpus,
        memory=options.memory,
        constraint=options.constraint,
        hint=options.hint,
        extra=tuple(options.sbatch),
        modules=tuple(options.modules),
        setup=tuple(options.setup),
        logs=logs,
        requeue=options.requeue,
        warning_s=options.warning,
        most_requeues=options.most_requeues,
    )
