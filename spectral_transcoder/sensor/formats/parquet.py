"""Parquet files; an index that pandas has stored is a column like others."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError, briefly
from spectral_transcoder.sensor.formats.table import SAMPLE_ROWS, Rows, Table
from spectral_transcoder.sensor.levels import sources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

__all__ = ["ParquetTable"]

UNNAMED_INDEX = "__index_level_0__"


class ParquetTable(Table):
    """A `.parquet` file."""

    line_word = "row"

    def __init__(self, path: Path, name: str) -> None:
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise UserError(
                f"reading {path} needs the package pyarrow: pip install pyarrow (the extra parquet), or "
                "give a .csv file"
            ) from error
        try:
            self.file = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise UserError(f"{path} is damaged or no parquet file ({briefly(error)}): write it again") from error
        self.name = name
        self.n_rows = self.file.metadata.num_rows
        self.stored_names = tuple(self.file.schema_arrow.names)
        self.names = tuple("index" if each == UNNAMED_INDEX else each for each in self.stored_names)

    def sample(self) -> pd.DataFrame:
        """See `Table.sample`."""
        batches = self._batches(SAMPLE_ROWS, range(len(self.names)))
        first = next(islice(batches, 1), None)
        return first if first is not None else self._empty()

    def rows(self, used: Sequence[int], *, numbers: Collection[int] = ()) -> Iterator[Rows]:
        """See `Table.rows`."""
        import pandas as pd

        n_read = 0
        for cells in self._batches(sources.PIECE_FRAMES, used):
            for column in numbers:
                cells[column] = pd.to_numeric(cells[column], errors="coerce").astype(np.float32)
            yield Rows(cells, n_read + 1 + np.arange(len(cells)))
            n_read += len(cells)

    def _batches(self, size: int, used: Sequence[int]) -> Iterator[pd.DataFrame]:
        wanted = [self.stored_names[column] for column in used]
        for batch in self.file.iter_batches(batch_size=size, columns=wanted):
            table = batch.to_pandas(ignore_metadata=True)
            yield table[wanted].set_axis(list(used), axis=1)

    def _empty(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame({column: [] for column in range(len(self.names))})
