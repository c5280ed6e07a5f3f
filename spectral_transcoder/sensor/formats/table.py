"""What every format makes of a file: a table of cells, some rows after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.levels.sources import Unreadable

__all__ = ["SAMPLE_ROWS", "Rows", "Table"]

SAMPLE_ROWS = 1000
"""That are looked at to find out what the columns are."""


@dataclass(frozen=True)
class Rows:
    """Successive rows."""

    cells: pd.DataFrame
    """Columns by position, of numbers, texts or dates and times."""

    lines: NDArray[np.int64]
    """(n,), the line, row or record of the file that each is from, counted from 1."""

    unreadable: tuple[Unreadable, ...] = ()
    """Lines in between that could not be read."""

    n_text: int = 0
    """Lines in between that hold no levels by their nature: headers that come again, units, comments."""


class Table(ABC):
    """A table with a row for each frame.

    Attributes
    ----------
    name : str
        of the file, for messages.
    names : tuple of str
        of the columns.
    preamble : tuple of str
        lines above the header.
    n_rows : int or None
        in all; an estimate where nobody can know, None where there is not even that.
    line_word : str
        what `Rows.lines` counts.
    title : str
        what the sensor or the part of the file is called; empty where nothing is said.
    default_cadence : str
        fast or slow, of tables without times.
    can_be_read_again : bool
    """

    name: str
    names: tuple[str, ...]
    preamble: tuple[str, ...] = ()
    n_rows: int | None = None
    line_word: str = "line"
    title: str = ""
    default_cadence: str = "fast"
    can_be_read_again: bool = True

    @abstractmethod
    def sample(self) -> pd.DataFrame:
        """The first rows, up to `SAMPLE_ROWS`, with all columns by position; empty where there are none."""

    @abstractmethod
    def rows(self, used: Sequence[int], *, numbers: Collection[int] = ()) -> Iterator[Rows]:
        """Read from the beginning, some rows after the other.

        Parameters
        ----------
        used
            positions of the columns that are wanted.
        numbers
            those that are to be numbers; cells that are none become NaN.

        Raises
        ------
        UserError
            where something cannot be read.
        """
