"""Tables in texts: cells between commas, semicolons, tabs, bars or blanks, with decimal points or commas."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.bands.choosing import NoBandsError
from spectral_transcoder.sensor.formats.cells import SEPARATORS, cells_of, separator_of, split_lines
from spectral_transcoder.sensor.formats.header import column_of_frequencies, find_header
from spectral_transcoder.sensor.formats.sorting import COMMENTS, Sorter, mismatch
from spectral_transcoder.sensor.formats.table import SAMPLE_ROWS, Rows, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import pandas as pd

    from spectral_transcoder.sensor.formats.cells import Lines
    from spectral_transcoder.sensor.formats.lines import TextFile

__all__ = ["TextTable"]

HEADER_LINES = 400
"""Among which the header must be."""


class TextTable(Table):
    """A table in a text.

    Parameters
    ----------
    file
        the text.
    name
        for messages.
    n_bytes
        of the text, to tell how many rows there may be; None: nobody knows.
    """

    def __init__(self, file: TextFile, name: str, *, n_bytes: int | None = None) -> None:
        self.file = file
        self.name = name
        self.can_be_read_again = file.can_be_read_again
        head = file.head()
        lines = [line.rstrip("\r") for line in head.decode(errors="replace").split("\n")][: HEADER_LINES + SAMPLE_ROWS]
        self.separator = separator_of(lines[:HEADER_LINES])
        grid = [cells_of(line, self.separator) for line in lines[:HEADER_LINES]]
        header = find_header(grid)
        if header is None:
            raise _without_bands(name, lines)
        self.first_row = header.end
        self.preamble = (*lines[: header.first], *header.notes)
        self.headers = {line.strip().encode() for line in lines[header.first : header.end]}
        data = [line for line in lines[header.end :] if self._is_data(line)]
        self.names = self._widened(header.names, data)
        self.has_decimal_commas = self._find_decimal_commas(data)
        if n_bytes is not None and data:
            letters_per_row = sum(map(len, data)) / len(data) + 1
            self.n_rows = max(1, round(n_bytes / file.bytes_per_letter / letters_per_row))
        self._sample = self._as_text(
            [line.encode() for line in data[:SAMPLE_ROWS] if self._width(line) == len(self.names)],
            range(len(self.names)),
        )

    def sample(self) -> pd.DataFrame:
        """See `Table.sample`."""
        return self._sample

    def rows(self, used: Sequence[int], *, numbers: Collection[int] = ()) -> Iterator[Rows]:
        """See `Table.rows`."""
        n_read = 0
        sorter = Sorter(self.name, len(self.names), self.separator, self.headers)
        for block in self.file.blocks():
            lines = split_lines(block, self.separator)
            skipped = min(max(0, self.first_row - n_read), len(lines.texts))
            n_read += skipped
            yield self._parse(lines, skipped, n_read + 1, sorter, used, numbers)
            n_read += len(lines.texts) - skipped

    def _parse(
        self, lines: Lines, skipped: int, first: int, sorter: Sorter, used: Sequence[int], numbers: Collection[int]
    ) -> Rows:
        """Rows of a block, quickly where nothing is odd."""
        texts = lines.texts[skipped:]
        is_plain = sorter.is_within and not lines.has_nul and (lines.n_cells[skipped:] == len(self.names)).all()
        # A header that comes again may be nothing but numbers.
        if texts and is_plain and self.headers.isdisjoint(map(bytes.strip, texts)):
            cells = self._as_numbers(texts, used, numbers)
            if cells is not None:
                return Rows(cells, first + np.arange(len(texts)))
        found = sorter.sort(lines, skipped, first)
        cells = self._as_text(found.rows, used)
        for column in numbers:
            cells[column] = _to_numbers(cells[column])
        return Rows(cells, np.array(found.numbers, np.int64), tuple(found.unreadable), found.n_text)

    def _as_numbers(self, texts: list[bytes], used: Sequence[int], numbers: Collection[int]) -> pd.DataFrame | None:
        """Cells, where all that should be numbers are; else None."""
        import pandas as pd

        types = {column: np.float32 if column in numbers else str for column in used}
        decimal = "," if self.has_decimal_commas and self.separator != "," else "."
        try:
            return self._read_csv(texts, used, types, decimal)
        except (ValueError, pd.errors.ParserError):
            return None

    def _as_text(self, texts: list[bytes], used: Sequence[int]) -> pd.DataFrame:
        import pandas as pd

        if not texts:
            return pd.DataFrame({column: pd.Series(dtype=str) for column in used})
        return self._read_csv(texts, used, dict.fromkeys(used, str), ".")

    def _read_csv(self, texts: list[bytes], used: Sequence[int], types: dict, decimal: str) -> pd.DataFrame:
        import pandas as pd

        return pd.read_csv(
            io.BytesIO(b"\n".join(texts)),
            names=range(len(self.names)),
            usecols=list(used),
            dtype=types,
            sep=self.separator,
            decimal=decimal,
            header=None,
            index_col=False,
            skipinitialspace=True,
            skip_blank_lines=False,
            encoding_errors="replace",
        )

    def _is_data(self, line: str) -> bool:
        return bool(line.strip(f" {self.separator}")) and not line.encode().startswith(COMMENTS)

    def _width(self, line: str) -> int:
        return int(split_lines(line.encode(), self.separator).n_cells[0])

    def _widened(self, names: tuple[str, ...], data: list[str]) -> tuple[str, ...]:
        """Names, and an empty one where rows end with a separator and the header does not.

        Raises
        ------
        UserError
            where the first rows have other cells than the header.
        """
        for number, line in enumerate(data[:SAMPLE_ROWS]):
            width = self._width(line)
            if width == len(names):
                return names
            if width == len(names) + 1 and not cells_of(line, self.separator)[-1]:
                return (*names, "")
            if width > len(names) or number > 10:
                break
        else:
            return names
        line_number = self.first_row + 1 + number
        raise UserError(f"{self.name}, line {line_number}: {mismatch(width, len(names), self.separator)}")

    def _find_decimal_commas(self, data: list[str]) -> bool:
        return self.separator != "," and any(re.search(r"\d,\d", line) for line in data)


def _without_bands(name: str, lines: Sequence[str]) -> UserError:
    """What to say of a text that has no header of bands: maybe it has a row for each."""
    for separator in SEPARATORS:
        grid = [cells_of(line, separator) for line in lines[:HEADER_LINES] if separator in line]
        if (column := column_of_frequencies(grid)) is not None:
            return UserError(
                f"{name} has a row for each band (column {column + 1}): a row for each frame is needed, with a column "
                "for each band, such as pandas.DataFrame.pivot makes"
            )
    return NoBandsError(
        f"{name}: no column is named by a third-octave band (it begins with {(lines or [''])[0][:60]!r}): name them "
        "20, 25, 31.5 … 12500 (Hz)"
    )


def _to_numbers(column: pd.Series) -> pd.Series:
    """Numbers of texts, with decimal points or commas; NaN for all else: a level with a mark is none."""
    import pandas as pd

    texts = column.str.strip().str.removesuffix("dB").str.strip().str.replace(",", ".", regex=False)
    return pd.to_numeric(texts, errors="coerce").astype(np.float32)
