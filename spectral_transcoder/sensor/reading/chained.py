"""Several tables of one file, such as the sheets of a workbook, one after the other, each a series of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels.sources import LevelSource, Piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ChainedSource"]


class ChainedSource(LevelSource):
    """The sources of the parts of a file.

    Parameters
    ----------
    parts
        (title, source) of each.
    name
        of the file.

    Raises
    ------
    UserError
        where their cadences differ.
    """

    is_chunked = True

    def __init__(self, parts: Sequence[tuple[str, LevelSource]], name: str) -> None:
        self.parts = parts
        self.name = name
        first = parts[0][1]
        for title, part in parts:
            if (part.hop_seconds, part.cadence, part.clock) != (first.hop_seconds, first.cadence, first.clock):
                raise UserError(
                    f"{name}: {parts[0][0]} and {title} have other cadences or clocks: put them into files of their own"
                )
        self.hop_seconds, self.cadence, self.clock, self.zone = (
            first.hop_seconds,
            first.cadence,
            first.clock,
            first.zone,
        )
        self.line_word = first.line_word
        self.largest_unreadable = first.largest_unreadable
        self.is_interleaved = any(part.is_interleaved for _, part in parts)
        lengths = [part.n_frames for _, part in parts]
        self.n_frames = None if None in lengths else sum(lengths)
        self.notes = tuple(dict.fromkeys(note for _, part in parts for note in part.notes))
        self.description = f"{len(parts)} parts ({', '.join(title for title, _ in parts)}); {first.description}"
        self.series_names = {}
        self.of_series: dict[int, tuple[LevelSource, int]] = {}

    def part_of(self, series: int) -> int:
        """See `LevelSource.part_of`."""
        return next(number for number, (_, part) in enumerate(self.parts) if part is self.of_series[series][0])

    def measured_bands(self, series: int) -> slice:
        """See `LevelSource.measured_bands`; those of the part that a series is from."""
        part, number = self.of_series[series]
        return part.measured_bands(number)

    def pieces(self) -> Iterator[Piece]:
        """The pieces of all parts, series numbered through."""
        numbers: dict[tuple[int, int], int] = {}
        for index, (title, part) in enumerate(self.parts):
            for piece in part.pieces():
                number = numbers.setdefault((index, piece.series), len(numbers))
                self.of_series[number] = (part, piece.series)
                name = part.series_names.get(piece.series)
                self.series_names[number] = f"{title}: {name}" if name else title
                yield replace(piece, series=number)
            # What is found on the way is told as well.
            self.notes = tuple(dict.fromkeys((*self.notes, *part.notes)))
