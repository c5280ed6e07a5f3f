"""Batch scripts handed to SLURM: first the one that all others depend on."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["check_sbatch", "sbatch_command", "submit", "submit_all"]


def sbatch_command(script: Path, *, after: str | None = None) -> list[str]:
    """Command that submits a script, to be run when a job has ended well; never, where it does not."""
    dependency = [f"--dependency=afterok:{after}", "--kill-on-invalid-dep=yes"] if after else []
    return ["sbatch", "--parsable", *dependency, str(script)]


def submit_all(first: Path, others: Sequence[Path]) -> dict[Path, str]:
    """Submit a script, and others that depend on it.

    Returns
    -------
    dict
        script → number of its job.

    Raises
    ------
    UserError
        where SLURM is not there or refuses one; the message says which are submitted by then.
    """
    check_sbatch()
    jobs = {first: submit(first)}
    for script in others:
        try:
            jobs[script] = submit(script, after=jobs[first])
        except UserError as error:
            told = ", ".join(f"{done.name} as {job}" for done, job in jobs.items())
            raise UserError(
                f"{error}; submitted before: {told}; to cancel: scancel {' '.join(jobs.values())}"
            ) from error
    return jobs


def submit(script: Path, *, after: str | None = None) -> str:
    """Submit a script; gives the number of its job.

    Raises
    ------
    UserError
        where SLURM refuses it.
    """
    done = subprocess.run(sbatch_command(script, after=after), capture_output=True, text=True)
    if done.returncode:
        reason = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise UserError(f"sbatch refused {script}: {reason}")
    # On a federation the name of the cluster follows.
    return done.stdout.strip().split(";")[0]


def check_sbatch() -> None:
    """Refuse to go on where SLURM's commands are missing.

    Raises
    ------
    UserError
        where they are.
    """
    if not shutil.which("sbatch"):
        raise UserError("there is no sbatch here: run this on a login node of the cluster")
