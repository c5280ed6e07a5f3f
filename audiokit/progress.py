"""Bars of bytes on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["byte_bar"]

LONGEST_NAME = 40  # characters


def byte_bar(name: str, total: int | None, *, initial: int = 0, progress: bool = True) -> tqdm:
    """Bar with bytes, rate and time left, where stderr is a terminal; one below another bar vanishes at its end.

    Parameters
    ----------
    name
        what is told beside it; cut in the middle where it is long.
    total
        bytes at its end; None: unknown.
    initial
        bytes at its beginning.
    progress
        False: no bar, even on a terminal.
    """
    from tqdm import tqdm

    half = LONGEST_NAME // 2
    return tqdm(
        desc=name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}",
        total=total,
        initial=initial,
        unit="B",
        unit_scale=True,
        leave=None,
        disable=None if progress else True,
    )
