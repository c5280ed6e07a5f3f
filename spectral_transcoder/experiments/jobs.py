"""Settings of an experiment in several processes at once.

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

from spectral_transcoder.errors import UserError
from spectral_transcoder.files import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from spectral_transcoder.experiments.experiment import Experiment
    from spectral_transcoder.experiments.plan import Setting

__all__ = ["compute_in_processes", "job_environments", "visible_gpus"]

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

    def start(self, setting: Setting) -> None:
        """Start a process for a setting."""
        tqdm.write(f"{setting.plan}: {setting}", file=sys.stderr)
        environment = self.environments.pop(0)
        log = make_folder(self.experiment.root / "logs") / f"{setting}.log"
        command = [sys.executable, str(_script(self.experiment)), *self.arguments, "-s", setting.selector, "-c"]
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
    settings: Sequence[Setting],
    *,
    jobs: int,
    skip: bool = False,
    detached: bool = False,
    arguments: Sequence[str] = (),
) -> list[Setting]:
    """Compute settings in several processes; parameters and result as for `experiment.compute`.

    A stage begins when the one before it is through. After a failure nothing more is started, and what is under way is
    finished; `detached` goes on.

    Raises
    ------
    UserError
        for the first setting that fails, unless `detached`.
    """
    pool = Pool(experiment, job_environments(jobs), arguments)
    failed: list[Job] = []
    try:
        with tqdm(total=len(settings), desc=experiment.name, unit="setting") as bar:
            for _, stage in itertools.groupby(settings, key=experiment.stage):
                failed += _compute_stage(pool, stage, bar, skip=skip, detached=detached)
                if failed and not detached:
                    break
    finally:
        pool.stop()
    if failed and not detached:
        raise UserError(_reason(failed[0]))
    return [job.setting for job in failed]


def _compute_stage(pool: Pool, stage: Iterable[Setting], bar: tqdm, *, skip: bool, detached: bool) -> list[Job]:
    """Compute settings that do not need each other; those that failed."""
    failed: list[Job] = []
    for setting in stage:
        if skip and pool.experiment.is_done(setting):
            bar.update()
            continue
        if not pool.environments:
            failed += _ended(pool, bar)
        if failed and not detached:
            break
        pool.start(setting)
    while pool.jobs:
        failed += _ended(pool, bar)
    return failed


def _ended(pool: Pool, bar: tqdm) -> list[Job]:
    """Wait until some processes have ended; those that failed."""
    ended = pool.wait()
    bar.update(len(ended))
    failed = [job for job in ended if job.process.returncode]
    for job in failed:
        tqdm.write(f"error: {_reason(job)}", file=sys.stderr)
    return failed


def _reason(job: Job) -> str:
    lines = job.log.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it ended without a word")
    return f"{job.setting} failed with status {job.process.returncode}: {last.removeprefix('error: ')} (see {job.log})"


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
