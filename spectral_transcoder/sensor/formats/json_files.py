"""JSON: a document, a document a line, an array of records, GeoJSON; read in pieces where there are records."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels.sources import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spectral_transcoder.sensor.formats.lines import TextFile

__all__ = ["JsonRecords"]

RECORDS = re.compile(r'"(?:features|records|data|values|measurements|results|items|rows|points)"\s*:\s*\[\s*(?=\{)')
"""Where a document has an array of records, as GeoJSON has."""

LONGEST_DOCUMENT = 1 << 28
"""Letters of a record, or of a document that is none of the known kinds."""


class JsonRecords:
    """Records of a JSON text, from the beginning each time that they are asked for."""

    def __init__(self, file: TextFile, name: str) -> None:
        self.file = file
        self.name = name

    def __call__(self) -> Iterator[dict | Unreadable]:
        """All records, and what of those a line each cannot be read.

        Raises
        ------
        UserError
            where the text is no JSON, or is cut off within a document that is not a line.
        """
        texts = (block.decode(errors="replace") for block in self.file.blocks())
        buffer = _Buffer(texts, self.name)
        start = self._start(buffer)
        buffer.drop(start)
        while buffer.skip():
            yield buffer.value()

    def _start(self, buffer: _Buffer) -> int:
        """Where the first record begins."""
        buffer.fill()
        text = buffer.text.lstrip()
        indent = len(buffer.text) - len(text)
        if text.startswith("["):
            return indent + 1
        found = RECORDS.search(buffer.text)
        return found.end() if found and not _is_whole(buffer.text[: found.start()]) else indent


def _is_whole(text: str) -> bool:
    """Whether a document ends in a text: what comes behind it is another one."""
    try:
        json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return False
    return True


class _Buffer:
    """A text that grows while values are taken from its beginning."""

    def __init__(self, texts: Iterator[str], name: str) -> None:
        self.texts = texts
        self.name = name
        self.text = ""
        self.position = 0
        self.decoder = json.JSONDecoder()
        self.n_taken = 0
        self.has_a_line_each = False

    def fill(self) -> bool:
        """Read on; tells whether there was something."""
        more = next(self.texts, None)
        if more is None:
            return False
        self.text = self.text[self.position :] + more
        self.position = 0
        if len(self.text) > LONGEST_DOCUMENT:
            raise UserError(f"{self.name}: a record is longer than {LONGEST_DOCUMENT >> 20} MB: write one a line")
        return True

    def drop(self, n_letters: int) -> None:
        """Leave out the beginning."""
        self.position += n_letters

    def skip(self) -> bool:
        """Go to the next value; tells whether there is one. What stands behind an array is left out."""
        while True:
            while self.position < len(self.text) and self.text[self.position] in " \t\r\n,\x1e\ufeff":
                self.position += 1
            if self.position < len(self.text):
                return self.text[self.position] in "{["
            if not self.fill():
                return False

    def value(self) -> dict | Unreadable:
        """Take the next value."""
        self.n_taken += 1
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.position)
            except ValueError as error:
                end = self.text.find("\n", self.position)
                if not (self.has_a_line_each and end >= 0) and self.fill():
                    continue
                if not self.has_a_line_each:
                    raise UserError(
                        f"{self.name} is damaged or no JSON ({error}), or it ends within a record: copy it again"
                    ) from error
                self.position = end if end >= 0 else len(self.text)
                return Unreadable(f"record {self.n_taken}", "it is no JSON, or is cut off")
            if self.n_taken == 1:
                self.has_a_line_each = self._is_line(end)
            self.position = end
            return value

    def _is_line(self, end: int) -> bool:
        """Whether the first value is all of a line, and another one follows."""
        return "\n" not in self.text[self.position : end] and self.text[end : end + 2].lstrip("\r")[:1] == "\n"
