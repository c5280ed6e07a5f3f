"""Mixtures of one to five instruments, each a function of seed and number alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exp_lumen.instruments import CODES
from exp_lumen.synthesis.phrases import SCALES, Note, make_phrase
from exp_lumen.synthesis.rendering import add_noise, add_room, render
from exp_lumen.synthesis.soundfonts import BASS, VOICES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_lumen.synthesis.soundfonts import Voice

__all__ = ["Recipe", "instruments_of", "make_mixture"]

COUNT_SHARES = (0.35, 0.3, 0.2, 0.1, 0.05)
"""Of mixtures with one to five instruments."""

GAIN_DB = 5.0
"""Instruments are louder or softer by up to this."""

ROOM_SHARE, BASS_SHARE, DRUM_SHARE = 0.7, 0.2, 0.2
DRUMS = (36, 38, 42, 46)
"""MIDI notes of bass drum, snare and hi-hats."""

PEAK = 0.9
INSTRUMENTS_DRAWN = 1
"""Tells the random numbers of the instruments from those of their music."""


@dataclass(frozen=True)
class Recipe:
    """What all mixtures of a set have in common."""

    soundfont: Path
    seed: int = 0
    seconds: float = 5.0
    sample_rate: int = 32000
    """Hz"""
    most: int = 5
    """Instruments at once."""
    left_out: tuple[int, ...] = ()
    """Presets of the soundfont that do not play."""


def instruments_of(recipe: Recipe, number: int) -> tuple[str, ...]:
    """Codes of what plays in a mixture; every instrument comes equally often."""
    generator = np.random.default_rng((recipe.seed, number, INSTRUMENTS_DRAWN))
    shares = np.array(COUNT_SHARES[: recipe.most])
    count = 1 + int(generator.choice(len(shares), p=shares / shares.sum()))
    # Each number has its turn among the instruments, the others come by chance.
    turn = CODES[number % len(CODES)]
    others = [code for code in CODES if code != turn]
    return (turn, *generator.choice(others, count - 1, replace=False).tolist())


def make_mixture(recipe: Recipe, number: int) -> NDArray[np.float32]:
    """Mixture by its number, (n_samples,), its largest magnitude 0.9."""
    generator = np.random.default_rng((recipe.seed, number))
    codes = instruments_of(recipe, number)
    tempo = {"key": int(generator.integers(12)), "scale": SCALES[generator.integers(2)]}
    tempo["beat"] = float(generator.uniform(0.3, 0.7))
    stems = [_stem(recipe, VOICES[code], generator, **tempo) for code in codes]
    if generator.random() < BASS_SHARE:
        stems.append(_stem(recipe, BASS, generator, **tempo))
    if generator.random() < DRUM_SHARE:
        stems.append(_drums(recipe, generator, beat=tempo["beat"]))
    gains = 10 ** (generator.uniform(-GAIN_DB, GAIN_DB, len(stems)) / 20)
    sound = sum(np.float32(gain) * stem for gain, stem in zip(gains, stems, strict=True))
    if generator.random() < ROOM_SHARE:
        sound = add_room(sound, generator, sample_rate=recipe.sample_rate)
    sound = add_noise(sound, generator, snr=generator.uniform(20, 60))
    return sound * np.float32(PEAK / np.abs(sound).max())


def _stem(recipe: Recipe, voice: Voice, generator: np.random.Generator, **tempo) -> NDArray[np.float32]:
    """An instrument alone."""
    notes = make_phrase(voice, generator, seconds=recipe.seconds, **tempo)
    preset = int(generator.choice([preset for preset in voice.presets if preset not in recipe.left_out]))
    return render(recipe.soundfont, notes, preset=preset, seconds=recipe.seconds, sample_rate=recipe.sample_rate)


def _drums(recipe: Recipe, generator: np.random.Generator, *, beat: float) -> NDArray[np.float32]:
    starts = np.arange(0, recipe.seconds - 0.05, beat / 2)
    pieces, loudness = generator.choice(DRUMS, len(starts)), generator.uniform(0.4, 1, len(starts))
    notes = [
        Note(start, 0.1, *hit) for start, *hit in zip(*map(np.ndarray.tolist, (starts, pieces, loudness)), strict=True)
    ]
    options = {"seconds": recipe.seconds, "sample_rate": recipe.sample_rate}
    return render(recipe.soundfont, notes, preset=0, is_drums=True, **options)
