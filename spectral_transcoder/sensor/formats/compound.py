"""Tables in arrays: compound datasets of HDF5, structured arrays of numpy, and plain ones with times beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.formats.table import SAMPLE_ROWS, Rows, Table
from spectral_transcoder.sensor.levels import sources
from spectral_transcoder.third_octave import N_BANDS, NOMINAL_FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["BAND_NAMES", "CompoundTable", "PlainTable"]

BAND_NAMES = tuple(f"{frequency:g} Hz" for frequency in NOMINAL_FREQUENCIES)


class CompoundTable(Table):
    """Arrays of records with the same fields, one after the other: the days of a dump.

    Parameters
    ----------
    opening
        gives a context manager for the arrays by name, in the order of their names.
    name
        for messages.
    title
        of the sensor; empty where nothing is said.
    """

    line_word = "row"

    def __init__(self, opening: Callable[[], AbstractContextManager[Mapping]], name: str, *, title: str = "") -> None:
        self.opening = opening
        self.name = name
        self.title = title
        with opening() as arrays:
            self.names = next(iter(arrays.values())).dtype.names
            self.n_rows = sum(len(array) for array in arrays.values())

    def sample(self) -> pd.DataFrame:
        """See `Table.sample`."""
        with self.opening() as arrays:
            first = next((array for array in arrays.values() if len(array)), None)
            records = next(iter(arrays.values()))[:0] if first is None else first[:SAMPLE_ROWS]
        return _columns(records, self.names, range(len(self.names)))

    def rows(self, used: Sequence[int], *, numbers: Collection[int] = ()) -> Iterator[Rows]:
        """See `Table.rows`."""
        n_read = 0
        with self.opening() as arrays:
            for array in arrays.values():
                for start in range(0, len(array), sources.PIECE_FRAMES):
                    cells = _columns(array[start : start + sources.PIECE_FRAMES], self.names, used)
                    yield Rows(cells, n_read + 1 + np.arange(len(cells)))
                    n_read += len(cells)


class PlainTable(Table):
    """An array (frames, 29) with arrays (frames,) beside it, in which times may be.

    Parameters
    ----------
    opening
        gives a context manager for the arrays by name: the levels first.
    name
        for messages.
    default_cadence
        fast or slow.
    """

    line_word = "row"

    def __init__(
        self, opening: Callable[[], AbstractContextManager[Mapping]], name: str, *, default_cadence: str = "fast"
    ) -> None:
        self.opening = opening
        self.name = name
        self.default_cadence = default_cadence
        with opening() as arrays:
            levels, *others = arrays.items()
            if len(levels[1].shape) != 2 or levels[1].shape[1] != N_BANDS:
                raise UserError(f"{name} has the shape {levels[1].shape}, where the last number should be 29")
            self.n_rows = len(levels[1])
            self.names = (*BAND_NAMES, *(key for key, _ in others))

    def sample(self) -> pd.DataFrame:
        """See `Table.sample`."""
        with self.opening() as arrays:
            return self._cells(arrays, slice(0, SAMPLE_ROWS), range(len(self.names)))

    def rows(self, used: Sequence[int], *, numbers: Collection[int] = ()) -> Iterator[Rows]:
        """See `Table.rows`."""
        for start in range(0, self.n_rows, sources.PIECE_FRAMES):
            with self.opening() as arrays:
                cells = self._cells(arrays, slice(start, start + sources.PIECE_FRAMES), used)
            yield Rows(cells, start + 1 + np.arange(len(cells)))

    def _cells(self, arrays: Mapping, rows: slice, used: Sequence[int]) -> pd.DataFrame:
        import pandas as pd

        levels, *others = arrays.values()
        taken = np.asarray(levels[rows], np.float32)
        return pd.DataFrame(
            {
                column: taken[:, column] if column < N_BANDS else _texts(others[column - N_BANDS][rows])
                for column in used
            }
        )


def _columns(records: NDArray, names: Sequence[str], used: Sequence[int]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({column: _texts(records[names[column]]) for column in used})


def _texts(values: NDArray) -> NDArray:
    """Values in the byte order of the machine, with texts in place of bytes."""
    if values.dtype.kind not in "OS":
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    return np.array([each.decode(errors="replace") if isinstance(each, bytes) else each for each in values], object)
