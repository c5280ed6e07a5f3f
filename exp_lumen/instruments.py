"""The eleven instruments, in the order of all labels, scores and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

__all__ = ["CODES", "FAMILIES", "INSTRUMENTS", "NAMES", "Instrument", "labels_of_codes", "matrix_of"]


@dataclass(frozen=True)
class Instrument:
    """One of the labels."""

    code: str
    """Of IRMAS and of the competition's answers."""
    name: str
    family: str
    audioset: int
    """Row of AudioSet's labels from which the original takes the Audio Spectrogram Transformer's classifier."""


INSTRUMENTS = (
    Instrument("cel", "cello", "strings", 193),
    Instrument("cla", "clarinet", "woodwind", 198),
    Instrument("flu", "flute", "woodwind", 196),
    Instrument("gac", "acoustic guitar", "guitars", 143),
    Instrument("gel", "electric guitar", "guitars", 141),
    Instrument("org", "organ", "keyboards", 155),
    Instrument("pia", "piano", "keyboards", 153),
    Instrument("sax", "saxophone", "woodwind", 197),
    Instrument("tru", "trumpet", "brass", 187),
    Instrument("vio", "violin", "strings", 191),
    Instrument("voi", "voice", "voice", 27),
)
"""Families are those of instruments; the original has organ and saxophone among the brass."""

CODES = tuple(instrument.code for instrument in INSTRUMENTS)
NAMES = tuple(instrument.name for instrument in INSTRUMENTS)

FAMILIES: Mapping[str, tuple[int, ...]] = {
    family: tuple(index for index, instrument in enumerate(INSTRUMENTS) if instrument.family == family)
    for family in dict.fromkeys(instrument.family for instrument in INSTRUMENTS)
}
"""Numbers of the labels of each family."""


def labels_of_codes(codes: Iterable[str], *, where: object) -> NDArray[np.float32]:
    """Which instruments are named, (11,), 1 or 0.

    Parameters
    ----------
    codes
        in any order.
    where
        they stand, for the message.

    Raises
    ------
    UserError
        for a code that is none.
    """
    labels = np.zeros(len(CODES), np.float32)
    for code in codes:
        if code not in CODES:
            raise UserError(f"{where}: {code!r} is no code of an instrument; they are {', '.join(CODES)}")
        labels[CODES.index(code)] = 1
    return labels


def matrix_of(answers: Iterable[Mapping[str, int]], *, where: object) -> NDArray[np.float32]:
    """Answers as the competition has them, code → 0 or 1, as a matrix, (n, 11); columns are found by their names.

    Raises
    ------
    UserError
        for an answer that has not exactly the eleven codes, or another value.
    """
    rows = []
    for number, answer in enumerate(answers, start=1):
        if set(answer) != set(CODES):
            differing = sorted(set(answer) ^ set(CODES))[0]
            raise UserError(f"{where}: answer {number} differs in {differing} from the codes {', '.join(CODES)}")
        if not set(answer.values()) <= {0, 1}:
            raise UserError(f"{where}: answer {number} has values other than 0 and 1")
        rows.append([answer[code] for code in CODES])
    return np.array(rows, np.float32).reshape(-1, len(CODES))
