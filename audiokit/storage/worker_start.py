"""Processes that are begun before there is anything for them to do, while this one still imports and reads headers."""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.context import BaseContext

__all__ = ["available_cores", "begin_workers", "interrupts_held", "worker_context"]


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def begin_workers(workers: int | None, *modules: str) -> None:
    """Let what workers come from import modules, beside what this process imports itself.

    PyTorch's import takes as long as a hundred recordings do. Nothing is begun for a single worker, nor on Windows.

    Parameters
    ----------
    workers
        as `results_in_rounds` is going to be called with; one for each core by default.
    modules
        names, of what is slow to import and needed by the function that is to be called.
    """
    if (workers or available_cores()) > 1:
        context = worker_context(*modules)
        if context.get_start_method() == "forkserver":
            with interrupts_held():
                forkserver.ensure_running()


def worker_context(*modules: str) -> BaseContext:
    """How workers are started: not by fork, which copies locks that threads of this process may hold.

    What is in the modules is imported once for all workers; no more is, once the first has been started.
    """
    has_server = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if has_server else "spawn")
    if has_server:
        context.set_forkserver_preload(list(modules))
    return context


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C waiting; processes that are started meanwhile never see one, also while they import."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # which would let them through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
