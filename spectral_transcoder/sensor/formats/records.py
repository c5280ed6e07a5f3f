"""Tables of records: names and values, or lists of values, as JSON has them."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.formats.header import LEAST_BANDS, band_score, is_number
from spectral_transcoder.sensor.formats.table import SAMPLE_ROWS, Rows, Table
from spectral_transcoder.sensor.levels import sources
from spectral_transcoder.sensor.levels.sources import Unreadable
from spectral_transcoder.sensor.times.cadence import CADENCES
from spectral_transcoder.sensor.times.dates import STAMP, parse_stamps
from spectral_transcoder.sensor.times.zones import ZONE_BEHIND_TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["RecordTable", "expand", "flatten", "unfold"]

ENDS = (("date_start", "date_end"), ("start", "end"), ("start_time", "end_time"))
"""Names of the first and last time of a record that has lists of levels without times."""

MADE_TIME = "time of the frame"

FREQUENCY = re.compile(r"\d+(?:[.,_]\d+)?k?(?: *k?hz)?", re.IGNORECASE)
"""A name that is nothing but that of a band."""


class RecordTable(Table):
    """Successive records, each one frame, or lists of successive frames.

    Parameters
    ----------
    records
        gives all records from the beginning.
    name
        for messages.
    first
        gives those to find out by what they are; all by default.
    n_at_once
        frames that are read together.
    """

    line_word = "record"

    def __init__(
        self,
        records: Callable[[], Iterator[Mapping | Unreadable]],
        name: str,
        *,
        first: Callable[[], Iterator[Mapping | Unreadable]] | None = None,
        n_at_once: int | None = None,
    ) -> None:
        self.records = records
        self.name = name
        self.n_at_once = n_at_once or sources.PIECE_FRAMES
        self._unreadable: list[Unreadable] = []
        first = list(islice(self._frames(first or records), SAMPLE_ROWS))
        self.names = tuple(dict.fromkeys(key for _, frame in first for key in frame))
        self._sample = _frame_of([frame for _, frame in first], self.names, range(len(self.names)))

    def sample(self) -> pd.DataFrame:
        """See `Table.sample`."""
        return self._sample

    def rows(self, used: Sequence[int], *, numbers: Collection[int] = ()) -> Iterator[Rows]:
        """See `Table.rows`."""
        import pandas as pd

        self._unreadable = []
        cells = self._sample[list(used)]
        frames = self._frames(self.records)
        while taken := list(islice(frames, self.n_at_once)):
            cells = _frame_of([frame for _, frame in taken], self.names, used)
            for column in numbers:
                cells[column] = pd.to_numeric(cells[column], errors="coerce").astype(np.float32)
            yield Rows(cells, np.array([number for number, _ in taken], np.int64), tuple(self._unreadable))
            self._unreadable = []
        yield Rows(cells.iloc[:0], np.empty(0, np.int64), tuple(self._unreadable))

    def _frames(self, records: Callable[[], Iterator[Mapping | Unreadable]]) -> Iterator[tuple[int, Mapping]]:
        for number, record in enumerate(records(), 1):
            if isinstance(record, Unreadable):
                self._unreadable.append(record)
                continue
            if not isinstance(record, dict):
                raise UserError(f"{self.name}, record {number}: names with values are needed, not {str(record)[:40]!r}")
            try:
                for each in unfold(record):
                    for frame in expand(flatten(each)):
                        yield number, frame
            except UserError as error:
                raise UserError(f"{self.name}, record {number}: {error}") from error


def _frame_of(frames: Sequence[Mapping], names: Sequence[str], used: Sequence[int]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({column: pd.Series([frame.get(names[column]) for frame in frames]) for column in used})


def flatten(record: Mapping) -> dict[str, object]:
    """A record without records in it: their values count as its own, by their last names.

    Of a GeoJSON feature, that is the properties; the geometry is left out. Names that are nothing but a frequency have
    that of their record in front, which tells what their levels are: {"LAeq": {"20": 45}} → {"LAeq 20": 45}.
    """
    flat: dict[str, object] = {}
    for key, value in record.items():
        if key == "geometry":
            continue
        if isinstance(value, dict):
            inner = {
                f"{key} {name}" if FREQUENCY.fullmatch(name) else name: its for name, its in flatten(value).items()
            }
            flat |= {name: its for name, its in inner.items() if name not in flat}
        else:
            flat[key] = value
    return flat


def unfold(record: Mapping) -> list[Mapping]:
    """The frames of a table that is one document, as pandas writes it; the record itself where it is none.

    Either its columns are records with a value for each time (the default of `to_json`), or its times are records with
    a value for each column (`orient="index"`), or it has lists of columns, of times and of rows (`orient="split"`).
    """
    if isinstance(record.get("columns"), list) and isinstance(record.get("data"), list):
        times = record.get("index", range(len(record["data"])))
        return [
            {MADE_TIME: time, **dict(zip(map(str, record["columns"]), row, strict=False))}
            for time, row in zip(times, record["data"], strict=False)
        ]
    inner = list(record.values())
    if len(inner) < 2 or not all(isinstance(each, dict) and each.keys() == inner[0].keys() for each in inner):
        return [record]
    names, others = list(record), list(inner[0])
    if band_score(names) >= LEAST_BANDS:
        return [{MADE_TIME: time, **{name: record[name][time] for name in names}} for time in others]
    if band_score(others) >= LEAST_BANDS and all(STAMP.fullmatch(name) or is_number(name) for name in names):
        return [{MADE_TIME: time, **record[time]} for time in names]
    return [record]


def expand(record: Mapping) -> list[dict[str, object]]:
    """The frames of a record: one, or as many as its lists are long, with what is no list in each.

    Where there is no list of times, they lie evenly between the first and the last time that the record tells.

    Raises
    ------
    UserError
        where most lists have one length, and some another.
    """
    lists = {key: value for key, value in record.items() if isinstance(value, list)}
    lengths = [len(value) for value in lists.values()]
    if not lists or max(lengths) < 2:
        return [{key: value[0] if isinstance(value, list) and value else value for key, value in record.items()}]
    length = max(set(lengths), key=lengths.count)
    others = [key for key, value in lists.items() if len(value) != length]
    if others:
        key = others[0]
        raise UserError(f"the list {key!r} has {len(lists[key])} values, and others have {length}")
    columns = {key: value if key in lists else [value] * length for key, value in record.items()}
    if not any("time" in key.lower() or "epoch" in key.lower() for key in lists):
        columns |= _even_times(record, length)
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _even_times(record: Mapping, length: int) -> dict[str, list]:
    """Times between the first and the last, where these are told; the last is of the last frame or of its end."""
    import pandas as pd

    for keys in ENDS:
        if all(isinstance(record.get(key), str | int | float) for key in keys):
            values = [record[key] for key in keys]
            first, last = (
                parse_stamps(pd.Series(values), "ymd") if isinstance(values[0], str) else np.array(values, float)
            )
            steps = [(last - first) / max(1, length - 1), (last - first) / length]
            step = min(steps, key=lambda each: min(abs(np.log(max(each, 1e-9) / hop)) for hop in CADENCES.values()))
            return {MADE_TIME: _written(first + step * np.arange(length), values[0])}
    return {}


def _written(seconds: NDArray[np.float64], like: str | float) -> list:
    """Times in the way of the one that they are made from: numbers, or texts with a zone or without."""
    if not isinstance(like, str):
        return seconds.tolist()
    zone = "Z" if ZONE_BEHIND_TIME.search(like.strip()) else ""
    stamps = np.datetime_as_string(np.round(seconds * 1e6).astype("datetime64[us]"))
    return [f"{stamp}{zone}" for stamp in stamps.tolist()]
