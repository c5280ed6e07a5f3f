"""The same tasks by two checkouts, in turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Times", "checkout", "compare", "ratio_table"]

KINDS = ("features", "training")
TASKS = Path(__file__).with_name("tasks.py")


@dataclass
class Times:
    """CPU times of a task before and now, s, and the median ratio of each launch."""

    before: list[float] = field(default_factory=list)
    now: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


class Side:
    """The process of one checkout.

    Parameters
    ----------
    root
        of the checkout.
    kind
        of tasks, one of `KINDS`.
    models
        folder of the teachers' weights.
    """

    def __init__(self, root: Path, kind: str, models: Path) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (root, root / "benchmarks")))}
        self._process = subprocess.Popen(
            [sys.executable, "-P", TASKS, kind, models],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.tasks = self._read()

    def _read(self) -> list[str] | float:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the tasks of {self._process.args} have ended: status {self._process.wait()}")
        return json.loads(line)

    def __call__(self, task: str) -> float:
        """CPU time of a task, s."""
        print(json.dumps(task), file=self._process.stdin, flush=True)
        return self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def checkout(commit: str, repository: Path, folder: Path) -> Iterator[Path]:
    """A commit's files in a folder, as long as the block lasts.

    Raises
    ------
    UserError
        where there is no such commit.
    """
    git = ["git", "-C", repository, "worktree"]
    root = folder / "before"
    added = subprocess.run(
        [*git, "add", "--quiet", "--detach", root, commit], capture_output=True, text=True, check=False
    )
    if added.returncode:
        raise UserError(f"{commit} cannot be checked out ({added.stderr.strip()}): name a commit of this repository")
    try:
        yield root
    finally:
        subprocess.run([*git, "remove", "--force", root], check=True)


def compare(before: Path, now: Path, models: Path, *, launches: int, pairs: int, only: str = "") -> dict[str, Times]:
    """Time each task that both checkouts have.

    A process's luck with memory lasts as long as it does and can be a twentieth of the time, so that pairs within a
    launch tell less than launches do.

    Parameters
    ----------
    before, now
        roots of the checkouts.
    models
        folder of the teachers' weights.
    launches
        of two new processes.
    pairs
        of calls in a launch, the one or the other first by turns.
    only
        tasks whose name holds this.
    """
    times: dict[str, Times] = {}
    for kind in KINDS * launches:
        with Side(before, kind, models) as old, Side(now, kind, models) as new:
            for task in old.tasks:
                if task in new.tasks and only in task:
                    _take_turns(old, new, task, times.setdefault(task, Times()), pairs)
                    print(f"{task}: {times[task].ratios[-1]:.3f}", file=sys.stderr, flush=True)
    return times


def _take_turns(old: Side, new: Side, task: str, times: Times, pairs: int) -> None:
    ratios = []
    for turn in range(pairs + 1):
        taken = {side: side(task) for side in ((old, new) if turn % 2 else (new, old))}
        if turn:  # the first warms up
            times.before.append(taken[old])
            times.now.append(taken[new])
            ratios.append(taken[new] / taken[old])
    times.ratios.append(statistics.median(ratios))


def ratio_table(times: dict[str, Times]) -> str:
    """Times and ratios as Markdown; in brackets the launches' smallest and largest."""
    lines = ["| | before, CPU ms | now, CPU ms | now / before |", "|---|---:|---:|---:|"]
    for task, found in times.items():
        middle = [1000 * statistics.median(side) for side in (found.before, found.now)]
        spread = f"{statistics.median(found.ratios):.2f} ({min(found.ratios):.2f}–{max(found.ratios):.2f})"
        lines.append(f"| {task} | {middle[0]:.4g} | {middle[1]:.4g} | {spread} |")
    return "\n".join(lines)
