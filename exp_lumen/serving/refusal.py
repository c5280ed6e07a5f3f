"""Why a request is not answered."""

from __future__ import annotations

__all__ = ["Refusal"]


class Refusal(Exception):
    """A request that cannot be answered: the status of HTTP, and a line that says what, where and how to mend it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
