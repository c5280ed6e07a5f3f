"""Levels in tables with a row for each frame: CSV and parquet files, and CSV on the standard input."""

from __future__ import annotations

import io
import re
import sys
from abc import abstractmethod
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from spectral_transcoder.errors import UserError
from spectral_transcoder.sensor.clock import Clock, Times, parse_time
from spectral_transcoder.sensor.columns import find_columns
from spectral_transcoder.sensor.sources import CADENCES, PIECE_FRAMES, LevelSource, Piece, Reading
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.columns import Columns

__all__ = ["STANDARD_INPUT", "ParquetSource", "TextSource"]

STANDARD_INPUT = "-"
CADENCE_TOLERANCE = 0.1
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some programs write before a text to tell its encoding."""


class _TableSource(LevelSource):
    """A table with a row for each frame: the time, and a column for each band."""

    def __init__(self, path: str | Path, reading: Reading) -> None:
        self.path = path
        self.reading = reading
        self.name = "the standard input" if str(path) == STANDARD_INPUT else str(path)
        with self._own_errors():
            self.columns = find_columns(self._names(), time_column=reading.time_column)
        first = next(self._tables(), None)
        if first is None or not len(first):
            raise UserError(f"{self.name} has no rows: there is nothing to tag")
        self.notes = self.columns.notes
        self.start, self.clock, self.times = 0.0, Clock.BEGINNING, None
        self.hop_seconds = CADENCES[reading.cadence or "fast"]
        with self._own_errors():
            self._read_clock(first)

    @abstractmethod
    def _names(self) -> list[str]:
        """Names of all columns."""

    @abstractmethod
    def _tables(self) -> Iterator[pd.DataFrame]:
        """The used columns, some rows after the other."""

    def pieces(self) -> Iterator[Piece]:
        """Rows, as arrays."""
        n_read = 0
        bands = [name for name in self.columns.bands if name is not None]
        places = [index for index, name in enumerate(self.columns.bands) if name is not None]
        for table in self._tables():
            levels = np.full((len(table), N_BANDS), -np.inf, np.float32)
            with self._own_errors(n_read, len(table)):
                levels[:, places] = table[bands].to_numpy(np.float32, na_value=np.nan)
                if self.times:
                    times = self.times.read(table[self.columns.time])
                else:
                    times = self.start + self.hop_seconds * (n_read + np.arange(len(table)))
            n_read += len(table)
            yield Piece(levels, times)

    def _read_clock(self, table: pd.DataFrame) -> None:
        """Find out the cadence and what times count from."""
        if self.columns.time is None:
            if self.reading.start is not None:
                self.start, self.clock = parse_time(self.reading.start)
            self.notes += (
                "no column of times: rows count as successive, "
                f"{self.hop_seconds:g} s apart (--cadence); name the column by --time_column if there is one",
            )
            return
        column = table[self.columns.time]
        known = column.dropna()
        if not len(known):
            raise UserError(f"the column {self.columns.time!r} has no times")
        self.times = Times(known.iloc[0])
        self.clock = self.times.clock
        steps = np.diff(self.times.read(known))
        if len(steps):
            self.hop_seconds = _cadence_of(steps, self.reading.cadence)

    @contextmanager
    def _own_errors(self, first: int | None = None, n_rows: int = 0) -> Iterator[None]:
        """Say which file a problem is in, and about where."""
        rows = "" if first is None else f", rows {first + 1} to {first + n_rows}"
        try:
            yield
        except UserError as error:
            raise UserError(f"{self.name}{rows}: {error}") from error
        except (ValueError, TypeError) as error:
            raise UserError(f"{self.name}{rows}: {error}; levels are numbers, and times ISO 8601") from error


def _cadence_of(steps: NDArray[np.float64], asked: str | None) -> float:
    """Cadence that the differences of times tell of."""
    # Half of the rows may be jitter, gaps and repetitions.
    step = float(np.median(steps))
    if step == 0:
        raise UserError("most rows have the time of the row before: times need parts of seconds (12:00:00.125)")
    if step < 0:
        raise UserError("most times are earlier than those of the row before: sort the rows by time")
    for name, seconds in CADENCES.items():
        if abs(step / seconds - 1) <= CADENCE_TOLERANCE:
            if asked not in (None, name):
                raise UserError(f"rows are {step:g} s apart, which is not the {asked} cadence: leave --cadence out")
            return seconds
    raise UserError(f"rows are {step:g} s apart: levels every 0.125 s (fast) or every second (slow) are needed")


class ParquetSource(_TableSource):
    """A `.parquet` file."""

    def __init__(self, path: str | Path, reading: Reading) -> None:
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise UserError(
                f"reading {path} needs the package pyarrow: pip install pyarrow, or give a .csv file"
            ) from error
        try:
            self.file = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise UserError(f"{path} is damaged or no parquet file ({str(error)[:150]}): write it again") from error
        self.n_frames = self.file.metadata.num_rows
        super().__init__(path, reading)

    def _names(self) -> list[str]:
        return list(self.file.schema_arrow.names)

    def _tables(self) -> Iterator[pd.DataFrame]:
        used = _used(self.columns)
        for batch in self.file.iter_batches(batch_size=PIECE_FRAMES, columns=used):
            table = batch.to_pandas()
            # An index that pandas has stored is a column like others.
            yield table if set(used) <= {*table.columns} else table.reset_index()


class TextSource(_TableSource):
    """A `.csv` file, or the standard input: commas, semicolons or tabs between values, decimal points or commas."""

    def __init__(self, path: str | Path, reading: Reading) -> None:
        self.can_be_read_again = str(path) != STANDARD_INPUT
        self._standard_input: Iterator[pd.DataFrame] | None = None
        super().__init__(path, reading)
        if self.can_be_read_again:
            rows = Path(path).stat().st_size - len(self.header)
            self.n_frames = max(1, round(rows / len(self.first_row)))

    def _names(self) -> list[str]:
        stream = self._open()
        self.header, self.first_row = stream.readline(), stream.readline()
        try:
            header = self.header.removeprefix(BYTE_ORDER_MARK).decode()
            row = self.first_row.decode()
        except UnicodeDecodeError as error:
            raise UserError(f"it is no text in UTF-8 ({error.reason})") from error
        self.separator = max(",;\t", key=header.count)
        # Whoever separates by commas has decimal points.
        self.decimal = "," if self.separator != "," and re.search(r"\d,\d", row) else "."
        self.names = [name.strip().strip('"').strip() for name in header.split(self.separator)]
        if self.can_be_read_again:
            stream.close()
        return self.names

    def _open(self) -> IO[bytes]:
        if not self.can_be_read_again:
            return sys.stdin.buffer
        try:
            return open(self.path, "rb")
        except OSError as error:
            raise UserError(f"it cannot be read ({error.strerror}): check its permissions") from error

    def _tables(self) -> Iterator[pd.DataFrame]:
        if self.can_be_read_again:
            stream = self._open()
            stream.readline()
            return self._parse(stream)
        if self._standard_input is None:
            tables = self._parse(io.BufferedReader(_Prepended(self.first_row, sys.stdin.buffer)))
            # The first is looked at before all are asked for.
            first = list(islice(tables, 1))
            self._standard_input = chain(first, tables)
            return iter(first)
        return self._standard_input

    def _parse(self, stream: IO[bytes]) -> Iterator[pd.DataFrame]:
        """Tables of the rows that are left in a stream."""
        import pandas as pd

        used = _used(self.columns)
        n_read = 0
        try:
            with stream, pd.read_csv(
                stream,
                names=self.names,
                usecols=used,
                dtype={name: np.float32 for name in used if name != self.columns.time},
                sep=self.separator,
                decimal=self.decimal,
                header=None,
                index_col=False,
                skipinitialspace=True,
                chunksize=PIECE_FRAMES,
            ) as tables:  # fmt: skip
                for table in tables:
                    yield table
                    n_read += len(table)
        except pd.errors.EmptyDataError:
            return
        except ValueError as error:
            rows = f"rows {n_read + 1} to {n_read + PIECE_FRAMES}"
            raise UserError(
                f"{self.name}, {rows}: {error}; each row needs as many values, all but times numbers"
            ) from error


class _Prepended(io.RawIOBase):
    """Some bytes, and then those of a stream."""

    def __init__(self, start: bytes, stream: IO[bytes]) -> None:
        self.start = start
        self.stream = stream

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer) -> int:
        """Fill a buffer as far as there is something at once."""
        size = len(buffer)
        taken, self.start = self.start[:size], self.start[size:]
        taken = taken or self.stream.read(size)
        buffer[: len(taken)] = taken
        return len(taken)


def _used(columns: Columns) -> list[str]:
    return [name for name in (columns.time, *columns.bands) if name is not None]
