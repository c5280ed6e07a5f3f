"""Text of batch scripts for SLURM.

A script runs one command, or an array of them one each. It passes on to the command what SLURM sends: SIGTERM, when the
job is cancelled, preempted or out of time, and with `requeue` SIGUSR1, some time before the limit. A command that then
saves where it is, and goes on from there when it is run again, can so take longer than a job may.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Job", "Site", "array_script", "job_script", "time_limit_s"]

TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<first>\d+)(?::(?P<second>\d+))?(?::(?P<third>\d+))?")
"""SLURM's ways to write a time: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S."""

PRECISION_S = 60
"""By so much SLURM may warn too early."""


@dataclass(frozen=True)
class Site:
    """What a cluster wants to know of a job, and what a job needs there; what is empty is left to the cluster.

    Raises
    ------
    UserError
        for a time that is none, a warning that would come before the start, and line breaks.
    """

    partition: str = ""
    account: str = ""
    qos: str = ""
    time: str = "20:00:00"
    gpus: int = 1
    """Of a job; none at 0."""

    cpus: int = 10
    """Cores of a job."""

    memory: str = ""
    constraint: str = ""
    hint: str = "nomultithread"
    extra: tuple[str, ...] = ()
    """More options for sbatch, such as `mail-type=END`."""

    modules: tuple[str, ...] = ()
    """To load before the command."""

    setup: tuple[str, ...] = ()
    """Lines of bash after that, such as `source venv/bin/activate`."""

    logs: Path = field(default_factory=Path)
    """Folder for what jobs print; it must exist when they start."""

    requeue: bool = False
    """Whether a job that was preempted or runs out of time is to be queued again, to go on."""

    warning_s: int = 300
    """How long before the limit a job that is to be requeued gets SIGUSR1."""

    most_requeues: int = 100
    """After which a job that runs out of time is not queued again: a guard against jobs that never get on."""

    def __post_init__(self) -> None:
        for value in (*vars(self).values(), *self.extra, *self.modules, *self.setup):
            if isinstance(value, str) and "\n" in value:
                raise UserError(f"a line break in {value!r}: what goes into a batch script must be one line")
        limit_s = time_limit_s(self.time)
        if self.requeue and limit_s is not None and limit_s <= self.warning_s + PRECISION_S:
            raise UserError(
                f"a time of {self.time} leaves none before the warning, {self.warning_s} s before its end or up to "
                f"{PRECISION_S} s earlier: give jobs more time, or warn them later"
            )


@dataclass(frozen=True)
class Job:
    """A command and its name."""

    name: str
    command: Sequence[str]
    """Program and arguments."""


def job_script(job: Job, site: Site, *, folder: Path) -> str:
    """Batch script that runs a command.

    Parameters
    ----------
    job
    site
    folder
        to run it in.
    """
    command = f"command=({shlex.join(job.command)})\n"
    return _script(job.name, site, command, folder=folder, log="%x_%j.out", options=[], identity="$SLURM_JOB_ID")


def array_script(name: str, jobs: Sequence[Job], site: Site, *, folder: Path, at_once: int | None = None) -> str:
    """Batch script of an array of jobs, numbered from 1.

    Parameters
    ----------
    name
        of the array.
    jobs
    site
    folder
        to run them in.
    at_once
        how many of them may run at a time; as many as the cluster lets by default.
    """
    cases = "".join(
        f"    {number}) # {' '.join(job.name.split())}\n        command=({shlex.join(job.command)})\n        ;;\n"
        for number, job in enumerate(jobs, start=1)
    )
    command = f'case "$SLURM_ARRAY_TASK_ID" in\n{cases}esac\n'
    throttle = f"%{at_once}" if at_once else ""
    return _script(
        name,
        site,
        command,
        folder=folder,
        log="%x_%A_%a.out",
        options=[f"array=1-{len(jobs)}{throttle}"],
        # One task of each array has the array's own number as $SLURM_JOB_ID, by which all would be requeued.
        identity="${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID",
    )


def time_limit_s(text: str) -> int | None:
    """Seconds of a time limit as SLURM reads it; None for no limit of one's own (an empty text, UNLIMITED, INFINITE).

    Raises
    ------
    UserError
        where SLURM could not read it.
    """
    if text.upper() in ("", "UNLIMITED", "INFINITE"):
        return None
    match = TIME.fullmatch(text)
    if not match:
        raise UserError(f"no time: {text!r}; write it as hours:minutes:seconds, days-hours or minutes")
    parts = [int(match[name]) for name in ("first", "second", "third") if match[name] is not None]
    if match["days"] is not None:
        hours, minutes, seconds = (*parts, 0, 0)[:3]
        return ((int(match["days"]) * 24 + hours) * 60 + minutes) * 60 + seconds
    hours, minutes, seconds = parts if len(parts) == 3 else (0, *parts, 0)[:3]
    return (hours * 60 + minutes) * 60 + seconds


def _script(
    name: str, site: Site, command: str, *, folder: Path, log: str, options: Sequence[str], identity: str
) -> str:
    """A whole script, but for what differs between a job and an array."""
    options = [f"job-name={name}", *options, *_options(site, log)]
    directives = "".join(f"#SBATCH {shlex.quote(f'--{option}')}\n" for option in options)
    setup = "".join(
        [*(f"module load {shlex.quote(module)}\n" for module in site.modules), *(f"{x}\n" for x in site.setup)]
    )
    parts = [
        f"#!/bin/bash\n{directives}",
        # Scripts of others seldom bear -u.
        f"set -eo pipefail\n{setup}cd {shlex.quote(str(folder))}\nset -ux\n",
        command,
        RUN.replace("TRAPS", REQUEUE_TRAP + TERM_TRAP if site.requeue else TERM_TRAP),
    ]
    if site.requeue:
        parts.append(REQUEUE.replace("MOST", str(site.most_requeues)).replace("IDENTITY", identity))
    return "\n".join([*parts, 'exit "$status"\n'])


def _options(site: Site, log: str) -> list[str]:
    """Options of sbatch for a site, without their dashes."""
    # In names of files % and \\ have a meaning for SLURM.
    logs = str(site.logs.absolute()).replace("\\", "\\\\").replace("%", "%%")
    named = {
        "partition": site.partition,
        "account": site.account,
        "qos": site.qos,
        "nodes": 1,
        "ntasks-per-node": 1,
        "gres": f"gpu:{site.gpus}" if site.gpus else "",
        "cpus-per-task": site.cpus,
        "mem": site.memory,
        "constraint": site.constraint,
        "hint": site.hint,
        "time": site.time,
        "output": f"{logs}/{log}",
    }
    options = [f"{name}={value}" for name, value in named.items() if value]
    if site.requeue:
        # Without the last one, the log would begin anew each time.
        options += ["requeue", f"signal=B:USR1@{site.warning_s}", "open-mode=append"]
    return [*options, *(option.removeprefix("--") for option in site.extra)]


RUN = """\
# In the background, since bash heeds signals only while it waits. A signal ends the wait, not the command: wait again.
pass_on() {
    signalled=yes
    kill -s "$1" "${!-}" 2>/dev/null || true
}
TRAPS
"${command[@]}" &
signalled=yes
while [[ $signalled ]]; do
    signalled=
    status=0
    wait "$!" || status=$?
done
"""

TERM_TRAP = "trap 'pass_on TERM' TERM"

REQUEUE_TRAP = "warned=\ntrap 'warned=yes; pass_on USR1' USR1\n"

REQUEUE = """\
# 130: it has saved where it was. 138 and 143: the signal has ended it where there was nothing to save.
if [[ $warned && $status =~ ^(130|138|143)$ ]]; then
    if (( ${SLURM_RESTART_COUNT:-0} < MOST )); then
        scontrol requeue "IDENTITY"
    else
        echo "error: requeued MOST times and still not done" >&2
    fi
fi
"""
