"""Being asked to end: by Ctrl-C, and by others than the keyboard."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_asked_to_stop", "stopping_as_by_ctrl_c"]

REQUESTS = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP")
"""Ctrl-C; what systems send before they shut down, SLURM before the time limit, and a terminal that is closed."""


class _Stop:
    """A handler of signals that raises KeyboardInterrupt, and remembers it.

    The exception alone can be lost: packages that try to import numpy, and would do without, drop it, and the next
    import of numpy is an ImportError ("more than once per process") or a RecursionError; Python itself drops what is
    raised while it deletes an object.
    """

    def __init__(self) -> None:
        self.is_asked = False

    def __call__(self, number: int, _: object) -> None:
        # Systems ask again and again, which is not to disturb what is being put in order; who presses Ctrl-C means it.
        is_news = not self.is_asked or number == signal.SIGINT
        self.is_asked = True
        if is_news:
            raise KeyboardInterrupt


@contextmanager
def stopping_as_by_ctrl_c() -> Iterator[None]:
    """Let such requests raise KeyboardInterrupt, so that all is put in order that Ctrl-C puts in order.

    Raises
    ------
    KeyboardInterrupt
        also in place of any other error that comes after a request.
    """
    stop = _Stop()
    numbers = [getattr(signal, name) for name in REQUESTS if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    # In the background Ctrl-C is ignored, and after `nohup` a hang-up, and they stay so.
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    except Exception as error:
        if stop.is_asked:
            raise KeyboardInterrupt from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_asked_to_stop() -> bool:
    """Whether a request has come since `stopping_as_by_ctrl_c` began, though its KeyboardInterrupt may be lost."""
    handlers = (signal.getsignal(getattr(signal, name)) for name in REQUESTS if hasattr(signal, name))
    return any(isinstance(handler, _Stop) and handler.is_asked for handler in handlers)
