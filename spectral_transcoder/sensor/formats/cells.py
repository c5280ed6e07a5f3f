"""Lines of a text divided into cells, and what divides them."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spectral_transcoder.sensor.formats.header import LEAST_BANDS, LINES_BEHIND, band_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["SEPARATORS", "Lines", "cells_of", "separator_of", "split_lines"]

SEPARATORS = ("\t", ";", ",", "|", " ")
BLANKS = re.compile(rb"[ \t]+")


class Lines(NamedTuple):
    """The lines of a block, and how many cells each has."""

    texts: list[bytes]
    n_cells: NDArray[np.int64]
    has_nul: bool


def cells_of(line: str, separator: str) -> list[str]:
    """Cells of a line, without quotes and blanks."""
    line = line.rstrip("\r\n")
    if separator == " ":
        return line.split() if '"' not in line else next(csv.reader([" ".join(line.split())], delimiter=" "), [])
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def separator_of(lines: Sequence[str]) -> str:
    """What separates the cells: that by which a line names the most bands."""
    scores = dict.fromkeys(SEPARATORS, 0)
    n_left = len(lines)
    for line in lines:
        for separator in SEPARATORS:
            if line.count(separator) >= LEAST_BANDS - 1:
                scores[separator] = max(scores[separator], band_score(cells_of(line, separator)))
        n_left = min(n_left - 1, LINES_BEHIND) if max(scores.values()) >= LEAST_BANDS else n_left - 1
        if n_left <= 0:
            break
    return max(SEPARATORS, key=lambda separator: scores[separator])


def split_lines(block: bytes, separator: str) -> Lines:
    """Lines of a block, and how many cells each has; separators within quotes do not count."""
    if separator == " ":
        block = b"\n".join(BLANKS.sub(b" ", line.strip()) for line in block.split(b"\n"))
    texts = block.split(b"\n")
    if not texts[-1]:
        texts.pop()
    letters = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    if len(ends) < len(texts):
        ends = np.append(ends, len(letters))
    marks = np.flatnonzero(letters == ord(separator))
    if b'"' in block:
        quotes = np.flatnonzero(letters == ord('"'))
        starts = np.concatenate([[0], ends[:-1] + 1])
        before = np.searchsorted(quotes, marks) - np.searchsorted(quotes, starts)[np.searchsorted(ends, marks)]
        marks = marks[before % 2 == 0]
    n_cells = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
    return Lines(texts, n_cells, b"\0" in block)
