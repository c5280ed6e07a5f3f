"""Rows of many recordings, made in whatever order they come, and told with a bar."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import Self

    from audiokit.storage.partial_rows import Outcome, PartialRows

__all__ = ["make_rows"]


def make_rows(
    partial: PartialRows,
    outcomes_of: Callable[[Sequence[int]], Generator[list[Outcome]]],
    *,
    seconds: Sequence[float],
) -> dict[int, str]:
    """Make all rows that are not there yet.

    Parameters
    ----------
    outcomes_of
        makes the rows of recordings, given their numbers, and gives what became of them, some at a time, each when its
        rows are written.
    seconds : (n_recordings,)
        how long the recordings are.

    Returns
    -------
    dict of int to str
        numbers of the recordings that cannot be used → reason.
    """
    if partial.done:
        print(f"going on: {len(partial.done)} of {len(partial.parts)} recordings are done", file=sys.stderr)
    # The long ones first, so that in the end no process is left alone with one.
    todo = sorted(
        (part.index for part in partial.parts if part.index not in partial.done), key=lambda index: -seconds[index]
    )
    problems: dict[int, str] = {}
    with _Bar(seconds, partial.done) as bar, closing(outcomes_of(todo)) as rounds:
        for outcomes in rounds:
            partial.record(outcomes)
            bar.add([outcome.index for outcome in outcomes])
            problems |= {outcome.index: outcome.problem for outcome in outcomes if outcome.problem}
    return problems


class _Bar:
    """A bar with the recordings that are done, the speed and the time that remains; a context manager."""

    def __init__(self, seconds: Sequence[float], done: dict[int, int]) -> None:
        self.seconds = seconds
        self.n_done = len(done)
        self.n_files = 0
        self.n_seconds = 0.0
        self.begun = time.monotonic()
        self.bar = tqdm(
            total=sum(seconds),
            initial=sum(seconds[index] for index in done),
            bar_format="{percentage:3.0f} %|{bar}|{postfix} [{elapsed}<{remaining}]",
            disable=None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.bar.close()

    def add(self, indices: Sequence[int]) -> None:
        """Move on by some recordings."""
        n_seconds = sum(self.seconds[index] for index in indices)
        self.n_files += len(indices)
        self.n_seconds += n_seconds
        elapsed = max(time.monotonic() - self.begun, 0.001)
        files = f"{self.n_done + self.n_files}/{len(self.seconds)} files, {self.n_files / elapsed:.1f} files/s"
        self.bar.set_postfix_str(f"{files}, {self.n_seconds / elapsed:.0f} × real time", refresh=False)
        self.bar.update(n_seconds)
