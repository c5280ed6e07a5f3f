"""Tables of scores that grow while they are computed: CSV, parquet, HDF5.

A table is made of pieces, each a mapping from the names of columns to arrays. Beside them may be one matrix with a name
for each of its columns: in CSV and parquet its columns stand behind the others, in HDF5 it is the dataset `scores`, and
their names are the dataset `labels`.
"""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager
from math import isnan
from typing import TYPE_CHECKING, Protocol

from audiokit.errors import UserError
from audiokit.files import write_whole
from audiokit.storage.hdf5_writing import new_hdf5_file
from spectral_transcoder.sensor.times.clock import Clock, as_column, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import h5py
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["FORMATS", "TableWriter", "check_format", "open_table"]

DECIMALS = 5
"""Of scores and levels in CSV."""

HDF5_CHUNK_ROWS = 256
PARQUET_ROWS = 4096
"""Of a group, in which each column lies for itself: small groups take their time."""


class TableWriter(Protocol):
    """What takes the pieces of a table."""

    def write(self, columns: Mapping[str, NDArray], scores: NDArray[np.floating] | None = None) -> None:
        """Write some rows.

        Parameters
        ----------
        columns
            name → (n,), the same names each time; `time` in seconds.
        scores : (n, n_labels) or None
        """


def check_format(name: str) -> str:
    """Name of a format, if it can be written here.

    Raises
    ------
    UserError
        where it is parquet, and pyarrow is missing.
    """
    if name == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise UserError("writing parquet needs the package pyarrow: pip install pyarrow, or --format h5") from error
    return name


@contextmanager
def open_table(
    path: Path,
    *,
    clock: Clock,
    labels: Sequence[str] = (),
    settings: Mapping[str, object] | None = None,
) -> Iterator[TableWriter]:
    """Open a table for writing; it is there, whole, when the block ends well.

    Parameters
    ----------
    path
        ends with one of `FORMATS`.
    clock
        what the column `time` counts from.
    labels
        names of the columns of the matrix.
    settings
        to be kept in the file, where the format has a place for it.
    """
    with write_whole(path) as partial, FORMATS[path.suffix[1:]](partial, clock, labels, settings or {}) as writer:
        yield writer


class _CsvWriter:
    def __init__(self, path: Path, clock: Clock, labels: Sequence[str]) -> None:
        self.path = path
        self.clock = clock
        self.labels = labels
        self.started = False

    def write(self, columns: Mapping[str, NDArray], scores: NDArray[np.floating] | None = None) -> None:
        """See `TableWriter.write`."""
        table = _frame(columns, as_text(columns["time"], self.clock)).round(DECIMALS)
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            if not self.started:
                csv.writer(file, lineterminator="\n").writerow([*table, *(self.labels if scores is not None else ())])
                self.started = True
            rows = table.to_csv(index=False, header=False, lineterminator="\n")
            file.write(rows if scores is None else _lengthen(rows, scores))


def _lengthen(rows: str, scores: NDArray[np.floating]) -> str:
    """Rows with scores behind them: with so many columns, a third of the time that pandas takes."""
    pattern = f",%.{DECIMALS}f" * scores.shape[1]
    empty = "," * scores.shape[1]
    return "".join(
        f"{row}{empty if isnan(values[0]) else pattern % tuple(values)}\n"
        for row, values in zip(rows.splitlines(), scores.tolist(), strict=True)
    )


@contextmanager
def _csv(path: Path, clock: Clock, labels: Sequence[str], settings: Mapping) -> Iterator[TableWriter]:
    path.unlink(missing_ok=True)
    yield _CsvWriter(path, clock, labels)


class _ParquetWriter:
    def __init__(self, path: Path, clock: Clock, labels: Sequence[str], settings: Mapping) -> None:
        self.path = path
        self.clock = clock
        self.labels = labels
        self.settings = settings
        self.file = None
        self.held: list[pd.DataFrame] = []

    def write(self, columns: Mapping[str, NDArray], scores: NDArray[np.floating] | None = None) -> None:
        """See `TableWriter.write`."""
        import pandas as pd

        frame = _frame(columns, as_column(columns["time"], self.clock))
        if scores is not None:
            frame = pd.concat([frame, pd.DataFrame(scores, columns=list(self.labels))], axis=1)
        self.held.append(frame)
        if sum(map(len, self.held)) >= PARQUET_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        if not self.held:
            return
        import pandas as pd
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.Table.from_pandas(pd.concat(self.held), preserve_index=False)
        self.held = []
        if self.file is None:
            metadata = (table.schema.metadata or {}) | {b"spectral_transcoder": json.dumps(self.settings).encode()}
            self.schema = table.schema.with_metadata(metadata)
            self.file = pyarrow.parquet.ParquetWriter(self.path, self.schema)
        self.file.write_table(table.cast(self.schema))


@contextmanager
def _parquet(path: Path, clock: Clock, labels: Sequence[str], settings: Mapping) -> Iterator[TableWriter]:
    writer = _ParquetWriter(path, clock, labels, settings)
    try:
        yield writer
        writer.flush()
    finally:
        if writer.file is not None:
            writer.file.close()


class _Hdf5Writer:
    def __init__(self, file: h5py.File, check: Callable[[], None]) -> None:
        self.file = file
        self.check = check

    def write(self, columns: Mapping[str, NDArray], scores: NDArray[np.floating] | None = None) -> None:
        """See `TableWriter.write`."""
        for name, values in columns.items():
            self._append(name, values)
        if scores is not None:
            self._append("scores", scores)
        self.check()

    def _append(self, name: str, values: NDArray) -> None:
        import h5py

        if name not in self.file:
            dtype = h5py.string_dtype() if values.dtype == object else values.dtype
            shape = values.shape[1:]
            self.file.create_dataset(
                name, (0, *shape), dtype, maxshape=(None, *shape), chunks=(HDF5_CHUNK_ROWS, *shape)
            )
        dataset = self.file[name]
        n_rows = len(dataset)
        dataset.resize(n_rows + len(values), axis=0)
        dataset[n_rows:] = values


@contextmanager
def _hdf5(path: Path, clock: Clock, labels: Sequence[str], settings: Mapping) -> Iterator[TableWriter]:
    import h5py

    with new_hdf5_file(path) as (file, check):
        if labels:
            file.create_dataset("labels", data=list(labels), dtype=h5py.string_dtype())
        file.attrs["time"] = str(clock)
        for name, value in settings.items():
            file.attrs[name] = value if isinstance(value, int | float | str) else json.dumps(value)
        yield _Hdf5Writer(file, check)


def _frame(columns: Mapping[str, NDArray], times: Sequence) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame({**columns, "time": times})
    # Yes, no and unknown.
    return frame.astype({name: "Int8" for name in frame if name.endswith("_present")})


FORMATS: dict[str, Callable[..., AbstractContextManager[TableWriter]]] = {
    "csv": _csv,
    "parquet": _parquet,
    "h5": _hdf5,
}
"""By the end of the file's name."""
