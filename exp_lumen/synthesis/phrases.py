"""Phrases for instruments: notes and chords of a scale that wander, with rests between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from exp_lumen.synthesis.soundfonts import Voice

__all__ = ["Note", "make_phrase"]

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
SCALES = (MAJOR, MINOR)
LARGEST_STEP = 3
"""Degrees of the scale from a note to the next."""

REST_SHARE = 0.15


@dataclass(frozen=True)
class Note:
    """A note of MIDI."""

    start: float
    """s"""
    seconds: float
    pitch: int
    """MIDI note, 60 is middle C."""
    velocity: float
    """0 to 1."""


def make_phrase(
    voice: Voice, generator: np.random.Generator, *, seconds: float, key: int, scale: tuple[int, ...], beat: float
) -> list[Note]:
    """A phrase over the whole length, with one note at least.

    Parameters
    ----------
    key
        pitch class of the scale's first degree, 0 is C.
    scale
        semitones of its degrees.
    beat
        s.

    Returns
    -------
    list of Note
        in the order of their beginnings, all inside the voice's range.
    """
    pitches = [p for p in range(voice.lowest, voice.highest + 1) if (p - key) % 12 in scale]
    place = int(generator.integers(len(pitches)))
    notes: list[Note] = []
    start = float(generator.uniform(0, min(beat, seconds / 4)))
    while start < seconds - 0.1:
        length = float(min(beat * generator.choice([0.5, 1, 1, 2, 3]), voice.longest, seconds - start))
        if not notes or generator.random() > REST_SHARE:
            place = int(np.clip(place + generator.integers(-LARGEST_STEP, LARGEST_STEP + 1), 0, len(pitches) - 1))
            thirds = (0, 2, 4) if generator.random() < voice.chords else (0,)
            velocity = float(generator.uniform(0.5, 1))
            chord = [pitches[place + third] for third in thirds if place + third < len(pitches)]
            notes += [Note(start, 0.95 * length, pitch, velocity) for pitch in chord]
        start += length
    return notes
