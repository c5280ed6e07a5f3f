"""Recordings that are shorter than nearly all others of their dataset, as what was cut off in copying is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["shorter_than_neighbours"]

LEAST_RECORDINGS = 10
"""Of fewer, none is usual."""

USUAL_SHARE = 0.9
"""Of the recordings that must be equally long for the others to stand out."""


def shorter_than_neighbours(seconds: Mapping[str, int]) -> list[str]:
    """Tell of recordings that may have been cut off, which formats without a length in their header do not tell.

    Parameters
    ----------
    seconds
        name of each recording → its whole seconds.

    Returns
    -------
    list of str
        a line for each one; none where durations differ anyway.
    """
    if len(seconds) < LEAST_RECORDINGS:
        return []
    usual, count = Counter(seconds.values()).most_common(1)[0]
    if count < USUAL_SHARE * len(seconds):
        return []
    return [
        f"{name} has {own} s, where {count} of {len(seconds)} recordings have {usual} s: it may be cut off"
        for name, own in seconds.items()
        if own < usual
    ]
