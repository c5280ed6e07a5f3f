"""A function on many inputs, in processes that end with this one whatever ends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, TypeVar

import torch

from audiokit.errors import UserError
from audiokit.memory import keep_memory
from audiokit.storage.worker_start import interrupts_held, worker_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    Input = TypeVar("Input")
    Result = TypeVar("Result")

__all__ = ["results_in_rounds"]

IN_HAND = 2
"""Inputs that a process holds, so that it need not wait for the next one."""


def results_in_rounds(
    function: Callable[[Input], Result], inputs: Iterable[Input], *, workers: int
) -> Iterator[list[Result]]:
    """Call a function on every input, and give the results as they come, several at a time where several are there.

    Parameters
    ----------
    function
        that can be pickled; it runs on one thread.
    workers
        processes; 1 for this one.

    Raises
    ------
    UserError
        where a process dies.
    Exception
        what the function raises.
    """
    if workers == 1:
        yield from _in_this_process(function, inputs)
    else:
        yield from _in_processes(function, inputs, workers)


@dataclass(frozen=True)
class _Raised:
    """Instead of a result."""

    error: Exception


def _in_this_process(function: Callable[[Input], Result], inputs: Iterable[Input]) -> Iterator[list[Result]]:
    keep_memory()
    for item in inputs:
        n_threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            results = [function(item)]
        finally:
            torch.set_num_threads(n_threads)
        yield results


def _in_processes(function: Callable[[Input], Result], inputs: Iterable[Input], workers: int) -> Iterator[list[Result]]:
    inputs = iter(inputs)
    with _processes(function, workers) as processes:
        in_hand = dict.fromkeys(processes, 0)
        for connection in [*processes] * IN_HAND:
            in_hand[connection] += _send(connection, inputs)
        while any(in_hand.values()):
            results = []
            for connection in wait([connection for connection, count in in_hand.items() if count]):
                results.append(_receive(connection, processes[connection]))
                in_hand[connection] += _send(connection, inputs) - 1
            yield results


@contextmanager
def _processes(function: Callable, workers: int) -> Iterator[dict[Connection, BaseProcess]]:
    """Start processes that wait for inputs; end them with the block."""
    context = worker_context(__name__, function.__module__)
    processes: dict[Connection, BaseProcess] = {}
    try:
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, function), daemon=True)
            with interrupts_held():
                process.start()
            # With no other holder of that end, either side reads an end of file when the other one dies.
            theirs.close()
            processes[ours] = process
        yield processes
    finally:
        for connection, process in processes.items():
            process.terminate()
            process.join()
            connection.close()


def _work(connection: Connection, function: Callable) -> None:
    """What a process does until its connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    keep_memory()
    with suppress(EOFError, ConnectionError):
        while True:
            connection.send(_result(function, connection.recv()))


def _result(function: Callable, item: object) -> object:
    try:
        return function(item)
    except Exception as error:
        error.add_note(traceback.format_exc())
        return _Raised(error)


def _end_with_parent() -> None:
    """Also in the middle of an input, where the connection is not looked at."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _send(connection: Connection, inputs: Iterator) -> int:
    """Hand out the next input, if there is one; gives how many."""
    for item in islice(inputs, 1):
        with suppress(BrokenPipeError):  # The process is dead: receiving from it will tell.
            connection.send(item)
        return 1
    return 0


def _receive(connection: Connection, process: BaseProcess):
    try:
        result = connection.recv()
    except (EOFError, ConnectionResetError) as error:
        process.join()
        raise UserError(
            f"a worker process died (exit status {process.exitcode}; −9 mostly means that memory ran out): "
            "run again with fewer --workers, it goes on where it was"
        ) from error
    if isinstance(result, _Raised):
        raise result.error
    return result
