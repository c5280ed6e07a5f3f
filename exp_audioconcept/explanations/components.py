"""A sound taken apart into what people have names for: parts, bands, beats, stems; together they are the sound."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from exp_audioconcept.explanations.beats import find_beats
from exp_audioconcept.song_features.extraction import harmonic_and_percussive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Components", "by_bands", "by_beats", "by_parts", "by_stems"]

BASS_BELOW, TREBLE_ABOVE = 250.0, 4000.0
"""Hz"""
OVERLAP = 2 ** (1 / 6)
"""Neighbouring bands fade into each other over a third of an octave around their edge."""

FADE_SECONDS = 0.01
"""From a stretch of time to the next one."""

INAUDIBLE = 1e-4
"""Of the sound's energy: what is quieter than this beside the stems is rounding, and no rest."""


@dataclass(frozen=True)
class Components:
    """Sounds that sum up to one."""

    title: str
    names: tuple[str, ...]
    sounds: NDArray[np.float32]
    """(n, n_samples)"""
    spans: tuple[tuple[float, float], ...] = ()
    """Begin and end of each, s, where they follow each other in time."""

    def mixed(self, masks: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Sums of those that are on, (m, n) → (m, n_samples)."""
        return masks.astype(np.float32) @ self.sounds


def by_parts(sound: NDArray[np.float32]) -> Components:
    """What stays along time, and what spreads along frequency.

    Parameters
    ----------
    sound : (n_samples,)
        of any sample rate.
    """
    return Components("parts", ("harmonic", "percussive"), np.stack(harmonic_and_percussive(sound)))


def by_bands(sound: NDArray[np.float32], sample_rate: int) -> Components:
    """Bass below 250 Hz, treble above 4 kHz, and what is between; without a shift in time.

    Parameters
    ----------
    sound : (n_samples,)
    sample_rate
        Hz
    """
    spectrum = np.fft.rfft(sound.astype(np.float64))
    frequencies = np.fft.rfftfreq(len(sound), 1 / sample_rate)
    below, above = _low_pass(frequencies, BASS_BELOW), 1 - _low_pass(frequencies, TREBLE_ABOVE)
    bass, treble = (np.fft.irfft(spectrum * gain, len(sound)).astype(np.float32) for gain in (below, above))
    return Components("bands", ("bass", "mid", "treble"), np.stack([bass, sound - bass - treble, treble]))


def _low_pass(frequencies: NDArray[np.float64], edge: float) -> NDArray[np.float64]:
    """Gain that falls from 1 to 0 as a cosine of the pitch."""
    with np.errstate(divide="ignore"):
        place = np.log(frequencies / edge) / np.log(OVERLAP)
    return 0.5 * (1 - np.sin(np.pi / 2 * np.clip(place, -1, 1)))


def by_beats(sound: NDArray[np.float32], sample_rate: int, *, at_most: int) -> Components:
    """Stretches of as many beats each; of equal length where no beat is found.

    Parameters
    ----------
    sound : (n_samples,)
    sample_rate
        Hz
    at_most
        stretches.
    """
    beats = find_beats(sound, sample_rate)
    inner = beats[:: max(1, -(-(len(beats) + 1) // at_most))][1:] if len(beats) > at_most else np.empty(0, np.int64)
    if not len(inner):
        inner = np.linspace(0, len(sound), at_most + 1).astype(np.int64)[1:-1]
    edges = np.concatenate([[0], inner, [len(sound)]])
    spans = tuple((start / sample_rate, stop / sample_rate) for start, stop in pairwise(edges))
    gates = _gates(edges, int(FADE_SECONDS * sample_rate), len(sound))
    names = tuple(f"{start:.1f} to {stop:.1f} s" for start, stop in spans)
    return Components("beats", names, gates * sound, spans)


def _gates(edges: NDArray[np.integer], fade: int, n_samples: int) -> NDArray[np.float32]:
    """How loud each stretch is at each sample, (n, n_samples): together 1 everywhere."""
    begun = np.clip((np.arange(n_samples) - edges[1:-1, None]) / fade + 0.5, 0, 1).astype(np.float32)
    begun = np.concatenate([np.ones((1, n_samples), np.float32), begun, np.zeros((1, n_samples), np.float32)])
    return begun[:-1] - begun[1:]


def by_stems(sound: NDArray[np.float32], stems: Mapping[str, NDArray[np.float32]]) -> Components:
    """What a separator made of the song: voice, drums, bass …, and what is left beside them.

    Parameters
    ----------
    sound : (n_samples,)
    stems
        name → (n_samples,), the same stretch of each.

    Raises
    ------
    UserError
        where they have hardly anything in common with the song.
    """
    separated = np.stack(list(stems.values()))
    rest = sound - separated.sum(axis=0)
    energy, left = float(np.square(sound).sum()), float(np.square(rest).sum())
    if left > energy:
        raise UserError(
            f"what is left beside the stems {', '.join(stems)} is louder than the song: give those of this very song"
        )
    if left <= INAUDIBLE * energy:
        return Components("stems", tuple(stems), separated)
    return Components("stems", (*stems, "rest"), np.concatenate([separated, rest[None]]))
