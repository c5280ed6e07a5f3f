"""Methods of an object that is made when it is first needed, so that nothing else waits for its imports."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["methods_of"]


def methods_of(make: Callable[[], object]) -> Callable[[str], Callable[..., Any]]:
    """Access to methods, by name, of what `make()` gives.

    It is called once, when the first of these methods is. An experiment's settings are so listed and counted before
    PyTorch, which their computing needs, would be imported.
    """
    made = cache(make)

    def method(name: str) -> Callable[..., Any]:
        def call(*arguments: object, **named: object) -> Any:
            return getattr(made(), name)(*arguments, **named)

        return call

    return method
