"""Tables of blocks that `predict_third_octave.py` has left, piece by piece."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.times.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Blocks", "Record", "find_records", "read_blocks", "read_record"]

SETTINGS = "_settings.json"
ROWS = 65_536
"""Of a piece."""

MAKE_ANEW = "delete it and run predict_third_octave.py again"


@dataclass(frozen=True)
class Record:
    """A table of blocks, and what it was made with."""

    table: Path
    stem: str
    """Beginning of the names of all that was made of the file."""

    settings: dict

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups that the table has columns of."""
        return tuple(self.settings["groups"])


@dataclass(frozen=True)
class Blocks:
    """Some rows of a table."""

    clock: Clock
    times: NDArray[np.float64]
    """(n,) beginnings, seconds since 1970."""

    seconds: NDArray[np.float64]
    levels: NDArray[np.float64]
    """(n,) LAeq, dB"""

    known: NDArray[np.bool_]
    """(n,) whether there are scores."""

    present: NDArray[np.float64]
    """(n, n_groups) 1, 0 or NaN"""

    series: NDArray[np.str_] | None
    """(n,) names of sensors, or of chunks, where the table is of several."""


def find_records(folder: Path) -> tuple[list[Path], list[Path]]:
    """Settings below a folder, and tables of blocks beside which there are none: they are not done.

    Raises
    ------
    UserError
        where the folder has neither.
    """
    records = sorted(folder.rglob(f"*{SETTINGS}"))
    stems = {str(path).removesuffix(SETTINGS) for path in records}
    tables = [path for kind in _READERS for path in folder.rglob(f"*_summary{kind}")]
    unfinished = sorted(path for path in tables if str(path).removesuffix(f"_summary{path.suffix}") not in stems)
    if not records and not unfinished:
        raise UserError(f"{folder} has no tables of tags: give the folder that predict_third_octave.py --output made")
    return records, unfinished


def read_record(path: Path) -> Record:
    """The table that settings belong to, found whole.

    Raises
    ------
    UserError
        where the settings cannot be read, or the table is missing or has another size than when it was made.
    """
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        sizes = settings["files"]
        table = next(path.with_name(name) for name in sizes if name.rpartition("_summary")[2] in _READERS)
        settings["groups"].keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        raise UserError(f"{path} names no table of tags: {MAKE_ANEW}") from None
    if not table.is_file():
        raise UserError(f"{table} is missing: {MAKE_ANEW.replace('it', path.name, 1)}")
    if table.stat().st_size != sizes[table.name]:
        raise UserError(f"{table} is not as it was made ({sizes[table.name]} bytes then): {MAKE_ANEW}")
    return Record(table, path.name.removesuffix(SETTINGS), settings)


def read_blocks(record: Record) -> Iterator[Blocks]:
    """Rows of a table, `ROWS` at a time.

    Raises
    ------
    UserError
        where it has no dates, or cannot be read.
    """
    try:
        for frame, clock in _READERS[record.table.suffix](record):
            yield _blocks(frame, clock, record)
    except (KeyError, ValueError, OSError) as error:
        raise UserError(f"{record.table} cannot be read ({error}): {MAKE_ANEW}") from error


def _blocks(frame: pd.DataFrame, clock: Clock, record: Record) -> Blocks:
    if clock is Clock.BEGINNING:
        raise UserError(
            f"{record.table} has seconds from the beginning and no dates: tag its levels again with --start TIME"
        )
    present = frame[[f"{group}_present" for group in record.groups]].to_numpy(np.float64, na_value=np.nan)
    scores = frame[[name for name in ("score_1", *record.groups) if name in frame]].to_numpy(np.float64)
    return Blocks(
        clock,
        frame["time"].to_numpy(np.float64),
        frame["seconds"].to_numpy(np.float64),
        frame["LAeq"].to_numpy(np.float64),
        ~np.isnan(scores).all(axis=1),
        present,
        _series(frame, record),
    )


def _series(frame: pd.DataFrame, record: Record) -> NDArray[np.str_] | None:
    if "sensor" in frame:
        return frame["sensor"].to_numpy(str)
    if "chunk" in frame:
        return np.char.add(f"{record.stem} ", frame["chunk"].to_numpy(str))
    return None


def _csv(record: Record) -> Iterator[tuple[pd.DataFrame, Clock]]:
    import pandas as pd

    with pd.read_csv(record.table, chunksize=ROWS, dtype={"time": str, "sensor": str}) as pieces:
        for frame in pieces:
            clock = _clock_of_text(frame["time"].iloc[0])
            if clock is not Clock.BEGINNING:
                frame["time"] = _seconds(pd.to_datetime(frame["time"], format="ISO8601", utc=True))
            yield frame, clock


def _clock_of_text(time: str) -> Clock:
    if "T" not in time:
        return Clock.BEGINNING
    return Clock.UTC if time.endswith("Z") else Clock.LOCAL


def _parquet(record: Record) -> Iterator[tuple[pd.DataFrame, Clock]]:
    import pandas as pd
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(record.table) as file:
        for batch in file.iter_batches(batch_size=ROWS):
            frame = batch.to_pandas()
            kind = frame["time"].dtype
            if kind.kind != "M":
                yield frame, Clock.BEGINNING
                return
            clock = Clock.UTC if isinstance(kind, pd.DatetimeTZDtype) else Clock.LOCAL
            frame["time"] = _seconds(pd.to_datetime(frame["time"], utc=True))
            yield frame, clock


def _hdf5(record: Record) -> Iterator[tuple[pd.DataFrame, Clock]]:
    import h5py
    import pandas as pd

    with h5py.File(record.table) as file:
        clock = Clock(file.attrs["time"])
        names = [name for name in file if name != "labels" and not name.startswith("label_")]
        for start in range(0, len(file["time"]), ROWS):
            piece = slice(start, start + ROWS)
            columns = {name: file[name][piece] for name in names}
            if "sensor" in columns:
                columns["sensor"] = file["sensor"].asstr()[piece]
            yield pd.DataFrame(columns), clock


def _seconds(stamps: pd.Series) -> NDArray[np.float64]:
    """Seconds since 1970 of UTC stamps."""
    return stamps.dt.tz_localize(None).to_numpy("datetime64[ms]").astype(np.int64) / 1e3


_READERS: dict[str, Callable[[Record], Iterator[tuple[pd.DataFrame, Clock]]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".h5": _hdf5,
}
"""By the end of the table's name."""
