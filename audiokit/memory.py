"""Memory of this process."""

from __future__ import annotations

__all__ = ["keep_memory"]

KEPT_BYTES = 31 << 20
"""Half the freed memory that a process keeps; glibc takes no more than 32 MiB."""


def keep_memory() -> None:
    """Let freed memory stay with this process.

    glibc returns it to the system from twice the largest block on that was ever freed. For a few MiB each time, as with
    recordings of ten seconds, giving and taking is a fifth of all work.
    """
    bytearray(KEPT_BYTES)
