"""Being asked to end by others than the keyboard."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["stopping_as_by_ctrl_c"]

REQUESTS = ("SIGTERM", "SIGUSR1", "SIGHUP")
"""What systems send before they shut down, SLURM before the time limit, and a terminal that is closed."""


@contextmanager
def stopping_as_by_ctrl_c() -> Iterator[None]:
    """Let such requests raise KeyboardInterrupt, so that all is put in order that Ctrl-C puts in order."""

    def stop(*_: object) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in REQUESTS if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    # After `nohup` a hang-up is ignored, and stays so.
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
