"""CPU times of tasks, side by side, as Markdown tables."""

from __future__ import annotations

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Task = Callable[[], object]

TURN_SECONDS = 0.1
"""A task that is shorter is called again until its turn lasts as long, so that it does not find the caches cold."""


@dataclass(frozen=True)
class Table:
    """Tasks that do the same job."""

    title: str
    seconds: float
    """Sound that a call of a task takes, s."""
    reference: str
    """Name of the task that the others are compared with."""
    tasks: Mapping[str, Task | None]
    """None where a package is not installed."""
    compare: Literal["speed", "time"] = "speed"
    """What the last column divides: the speed of a row by that of the reference, or their times."""


@dataclass(frozen=True)
class Times:
    """CPU times of a task and of the reference, taken in turn, s."""

    task: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)


def measure(table: Table, *, repeats: int) -> str:
    """Time the tasks of a table and write it.

    Each task takes turns with the reference, so that a drift of the machine strikes both sides of a ratio.
    """
    reference = table.tasks[table.reference]
    times = {
        name: _take_in_turn(task, reference, repeats=repeats)
        for name, task in table.tasks.items()
        if task is not None and name != table.reference
    }
    of_reference = [seconds for pair in times.values() for seconds in pair.reference]
    column = f"{'faster' if table.compare == 'speed' else 'slower'} than {table.reference} by"
    lines = [f"### {table.title}", "", f"| | CPU ms | × real time | {column} |", "|---|---:|---:|---:|"]
    for name, task in table.tasks.items():
        if task is None:
            lines.append(f"| {name} | not installed | | |")
        elif name == table.reference:
            lines.append(_row(name, of_reference, "1", table.seconds))
        else:
            lines.append(_row(name, times[name].task, _ratio(times[name], table.compare), table.seconds))
    return "\n".join([*lines, ""])


def take_turns(tasks: Mapping[str, Callable[[], float]], *, repeats: int) -> dict[str, list[float]]:
    """Seconds of tasks that time themselves, all of them in each turn.

    For tasks that are long, or that need something before each call that does not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            seconds[name].append(task())
    return seconds


def cpu_clock() -> float:
    """CPU time of this process and of its children that have ended, s."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak_memory(task: Callable[..., object], *arguments: object) -> int:
    """Peak memory of a new process that calls a function, MiB."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_peak_of, task, arguments).result()


def _peak_of(task: Callable[..., object], arguments: tuple[object, ...]) -> int:
    task(*arguments)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> str:
    """Median and interquartile range of the ratios of pairs."""
    ratios: NDArray[np.float64] = np.divide(numerators, denominators)
    low, median, high = np.percentile(ratios, [25, 50, 75])
    return f"{digits(median)} ({digits(low)}–{digits(high)})"


def digits(number: float) -> str:
    """Three digits, or all of an integer part that has more."""
    decimals = max(0, 2 - int(np.floor(np.log10(number))))
    return f"{number:,.{decimals}f}"


def _take_in_turn(task: Task, reference: Task, *, repeats: int) -> Times:
    """Time a task and the reference in turn, after calls of each that do not count."""
    calls, reference_calls = _calls_in_a_turn(task), _calls_in_a_turn(reference)
    times = Times()
    for _ in range(repeats):
        times.reference.append(_cpu_seconds(reference, calls=reference_calls))
        times.task.append(_cpu_seconds(task, calls=calls))
    return times


def _calls_in_a_turn(task: Task) -> int:
    task()
    return max(1, round(TURN_SECONDS / _cpu_seconds(task, calls=1)))


def _cpu_seconds(task: Task, *, calls: int) -> float:
    """CPU time of one call, the mean of several in a row."""
    start = time.process_time()
    for _ in range(calls):
        task()
    return (time.process_time() - start) / calls


def _row(name: str, cpu_seconds: list[float], ratio: str, sound_seconds: float) -> str:
    median = float(np.median(cpu_seconds))
    return f"| {name} | {digits(1000 * median)} | {digits(sound_seconds / median)} | {ratio} |"


def _ratio(times: Times, compare: str) -> str:
    pair = (times.reference, times.task) if compare == "speed" else (times.task, times.reference)
    return ratio(*pair)
