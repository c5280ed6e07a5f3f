"""Sheets of an Excel workbook."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError, briefly
from spectral_transcoder.sensor.bands.choosing import NoBandsError
from spectral_transcoder.sensor.formats.header import find_header
from spectral_transcoder.sensor.formats.table import SAMPLE_ROWS, Rows, Table
from spectral_transcoder.sensor.levels import sources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

__all__ = ["SheetTable", "open_sheets"]

HEADER_ROWS = 100


def open_sheets(path: Path, name: str) -> list[SheetTable]:
    """Tables of the sheets that name bands, in their order; other sheets are passed over.

    Raises
    ------
    NoBandsError
        where no sheet does.
    UserError
        where the package openpyxl is missing, or the file is damaged.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise UserError(
            f"reading {name} needs the package openpyxl: pip install openpyxl (the extra xlsx), or save it as .csv"
        ) from error
    try:
        # From memory: sheets hold on to the workbook, and nobody knows when the file might be closed.
        workbook = openpyxl.load_workbook(BytesIO(path.read_bytes()), read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises of all kinds for damaged files
        raise UserError(f"{name} is damaged or no workbook ({briefly(error)}): save it again") from error
    tables = []
    for sheet in workbook.worksheets:
        try:
            tables.append(SheetTable(sheet, name))
        except NoBandsError:
            continue
    if not tables:
        raise NoBandsError(f"{name}: no sheet has columns named by third-octave bands: name them 20, 25, 31.5 … 12500")
    return tables


class SheetTable(Table):
    """A sheet of a workbook.

    Parameters
    ----------
    sheet
        as openpyxl has it, read-only.
    name
        of the file.
    """

    line_word = "row"

    def __init__(self, sheet, name: str) -> None:
        self.sheet = sheet
        self.name = name
        self.title = sheet.title
        first = list(islice(self._all(), HEADER_ROWS + SAMPLE_ROWS))
        texts = [["" if cell is None else str(cell).strip() for cell in row] for row in first[:HEADER_ROWS]]
        header = find_header(texts)
        if header is None:
            raise NoBandsError(f"{name}: the sheet {sheet.title!r} names no bands")
        self.names = header.names
        self.first_row = header.end
        self.preamble = (*("\t".join(filter(None, row)) for row in texts[: header.first]), *header.notes)
        self._sample = self._table(first[header.end :][:SAMPLE_ROWS], range(len(self.names)))

    def sample(self) -> pd.DataFrame:
        """See `Table.sample`."""
        return self._sample

    def rows(self, used: Sequence[int], *, numbers: Collection[int] = ()) -> Iterator[Rows]:
        """See `Table.rows`."""
        import pandas as pd

        rows = enumerate(self._all(), 1)
        rows = ((number, row) for number, row in rows if number > self.first_row and any(c is not None for c in row))
        while taken := list(islice(rows, sources.PIECE_FRAMES)):
            cells = self._table([row for _, row in taken], used)
            for column in numbers:
                texts = cells[column].map(lambda cell: cell.replace(",", ".") if isinstance(cell, str) else cell)
                cells[column] = pd.to_numeric(texts, errors="coerce").astype(np.float32)
            yield Rows(cells, np.array([number for number, _ in taken], np.int64))

    def _all(self) -> Iterator[tuple]:
        return self.sheet.iter_rows(values_only=True)

    def _table(self, rows: Sequence[tuple], used: Sequence[int]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(
            {column: pd.Series([_plain(row[column]) if column < len(row) else None for row in rows]) for column in used}
        )


def _plain(cell: object) -> object:
    """Dates and times as text, in ISO 8601; all else as it is."""
    if isinstance(cell, timedelta):
        return str(datetime(1970, 1, 1) + cell)[11:]
    if isinstance(cell, datetime | date | time):
        return str(cell)
    return cell
