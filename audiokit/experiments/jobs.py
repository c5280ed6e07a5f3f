"""Settings of an experiment in processes of their own, some at once.

Each setting gets a process of its own, which runs the experiment's script with a selection of just this setting: what
one process does to memory, random numbers or a GPU cannot reach another, and a log file keeps what each one says.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.experiments.leaving_out import LeavingOut
from audiokit.files import make_folder
from audiokit.stopping import stopping_as_by_ctrl_c

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from audiokit.experiments.experiment import Experiment
    from audiokit.experiments.plan import Setting

__all__ = ["compute_in_processes", "job_environments", "setting_command", "visible_gpus"]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
POLL_S = 0.05
GRACE_S = 10
"""Time that processes have to clean up after Ctrl-C."""


@dataclass(frozen=True)
class Job:
    """A setting on its way."""

    setting: Setting
    process: subprocess.Popen
    environment: dict[str, str]
    log: Path


@dataclass
class Pool:
    """Processes at work; no more than there are environments."""

    experiment: Experiment
    environments: list[dict[str, str]]
    """Of the processes that could still be started."""

    arguments: Sequence[str]
    jobs: list[Job] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)
    """Lines of processes that need not be said again."""

    def start(self, setting: Setting) -> None:
        """Start a process for a setting."""
        tqdm.write(setting.heading, file=sys.stderr)
        environment = self.environments.pop(0)
        log = make_folder(self.experiment.root / "logs") / f"{setting}.log"
        command = setting_command(self.experiment, setting, self.arguments)
        with open(log, "wb") as output:
            # A session of their own: Ctrl-C reaches them through `stop` alone, and once.
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.jobs.append(Job(setting, process, environment, log))

    def wait(self) -> list[Job]:
        """Wait until some processes have ended; these."""
        while not (ended := [job for job in self.jobs if job.process.poll() is not None]):
            time.sleep(POLL_S)
        for job in ended:
            self.jobs.remove(job)
            self.environments.append(job.environment)
        return ended

    def tell(self, job: Job) -> None:
        """Say what a process that has ended well had to say, as one that runs alone would; the same but once."""
        for line in dict.fromkeys(_lines(job)):
            if line not in self._told and line != job.setting.heading and "\r" not in line:  # as bars have it
                self._told.add(line)
                tqdm.write(line, file=sys.stderr)

    def stop(self) -> None:
        """Interrupt all processes, and wait until they are gone."""
        for job in self.jobs:
            job.process.send_signal(signal.SIGINT)
        for job in self.jobs:
            try:
                job.process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                job.process.kill()
                job.process.wait()


def compute_in_processes(
    experiment: Experiment,
    settings: Collection[Setting],
    *,
    jobs: int,
    skip: bool = False,
    detached: bool = False,
    arguments: Sequence[str] = (),
) -> list[Setting]:
    """Compute settings in processes of their own, `jobs` at once; parameters and result as for `computing.compute`.

    A setting begins when what it needs is through, or, where the experiment does not say what that is, when the stage
    before it is. After a failure nothing more is started, and what is under way is finished; `detached` goes on with
    all but what needs the setting that failed, and counts that as failed, too.

    Raises
    ------
    UserError
        for the first setting that fails, unless `detached`.
    """
    pool = Pool(experiment, job_environments(jobs), arguments)
    stages = (
        [settings] if experiment.needs else (list(stage) for _, stage in itertools.groupby(settings, experiment.stage))
    )
    failed: list[Setting] = []
    is_left_out = LeavingOut(experiment, skip)
    with stopping_as_by_ctrl_c(), tqdm(total=len(settings), desc=experiment.name, unit="setting") as bar:
        try:
            for stage in stages:
                failed += Stage(pool, bar, stage).compute(is_left_out, detached=detached)
        finally:
            pool.stop()
    is_left_out.tell()
    return failed


class Stage:
    """Settings that wait for each other where one needs the other, and for nothing else."""

    def __init__(self, pool: Pool, bar: tqdm, settings: Collection[Setting]) -> None:
        needs = pool.experiment.needs or (lambda setting: ())
        self.pool = pool
        self.bar = bar
        self.waiting = {setting: set(needs(setting)) for setting in settings}
        """In order; setting → what it needs."""

        self.unfinished = set(settings)
        self.failed: list[Setting] = []
        self.reason = ""
        """Of the first failure."""

    def compute(self, is_left_out: LeavingOut, *, detached: bool) -> list[Setting]:
        """Compute the settings; those that failed, or needed one that did."""
        while self.waiting and (detached or not self.failed):
            setting = self._next()
            if setting and is_left_out(setting):
                self._finish(setting)
            elif setting and not self.waiting[setting].isdisjoint(self.failed):
                self._leave_out(setting)
            elif setting and self.pool.environments:
                self.pool.start(setting)
                del self.waiting[setting]
            else:
                self._wait()
        while self.pool.jobs:
            self._wait()
        if self.failed and not detached:
            raise UserError(self.reason)
        return self.failed

    def _next(self) -> Setting | None:
        """The first setting that has all it needs; none where that is still being made."""
        ready = (setting for setting, needed in self.waiting.items() if needed.isdisjoint(self.unfinished))
        setting = next(ready, None)
        if setting is None and not self.pool.jobs:
            raise RuntimeError(f"these settings need each other: {', '.join(map(str, self.waiting))}")
        return setting

    def _leave_out(self, setting: Setting) -> None:
        lacking = ", ".join(map(str, self.waiting[setting].intersection(self.failed)))
        tqdm.write(f"error: {setting} is left out, for it needs {lacking}", file=sys.stderr)
        self.failed.append(setting)
        self._finish(setting)

    def _wait(self) -> None:
        """Wait until some processes have ended."""
        for job in self.pool.wait():
            if job.process.returncode:
                reason = _reason(job)
                tqdm.write(f"error: {reason}", file=sys.stderr)
                self.reason = self.reason or reason
                self.failed.append(job.setting)
            else:
                self.pool.tell(job)
            self._finish(job.setting)

    def _finish(self, setting: Setting) -> None:
        self.waiting.pop(setting, None)
        self.unfinished.discard(setting)
        self.bar.update()


def _lines(job: Job) -> list[str]:
    """What a process has said, but for blank lines."""
    lines = job.log.read_text(encoding="utf-8", errors="replace").split("\n")
    return [line.strip() for line in lines if line.strip()]


def _reason(job: Job) -> str:
    last = _lines(job)[-1] if _lines(job) else "it ended without a word"
    return f"{job.setting} failed with status {job.process.returncode}: {last.removeprefix('error: ')} (see {job.log})"


def setting_command(experiment: Experiment, setting: Setting, arguments: Sequence[str] = ()) -> list[str]:
    """Command that computes a setting and no other; `arguments` are options of the experiment.

    Raises
    ------
    UserError
        where the experiment does not know its script.
    """
    return [sys.executable, str(_script(experiment)), *arguments, "-s", setting.selector, "-c"]


def _script(experiment: Experiment) -> Path | str:
    script = experiment.script or getattr(sys.modules["__main__"], "__file__", None)
    if script is None:
        raise UserError(f"{experiment.name} does not know its script: compute with one job, or set Experiment.script")
    return script


def job_environments(jobs: int) -> list[dict[str, str]]:
    """Environment variables of each process: its share of the processor's cores, and one of the GPUs in turn.

    Numbers of threads that the user has set are kept.
    """
    threads = str(max(1, _n_cores() // jobs))
    gpus = visible_gpus()
    environments = [dict.fromkeys(THREAD_VARIABLES, threads) | dict(os.environ) for _ in range(jobs)]
    if len(gpus) > 1:
        for environment, gpu in zip(environments, itertools.cycle(gpus), strict=False):
            environment["CUDA_VISIBLE_DEVICES"] = gpu
    return environments


def _n_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Names, for CUDA_VISIBLE_DEVICES, of the NVIDIA GPUs that may be used; found without importing torch."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [name.strip() for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if name.strip()]
    if not shutil.which("nvidia-smi"):
        return []
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return []
