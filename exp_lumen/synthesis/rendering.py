"""Phrases as sound, by the sampled instruments of a soundfont."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_lumen.synthesis.phrases import Note

__all__ = ["add_noise", "add_room", "render"]

BLOCK_SAMPLES = 512


def render(
    soundfont: Path, notes: Sequence[Note], *, preset: int, seconds: float, sample_rate: int, is_drums: bool = False
) -> NDArray[np.float32]:
    """Sound of notes, (n_samples,), mono, of root-mean-square 0.1 where it is not silent.

    Parameters
    ----------
    preset
        program of General MIDI from 0; of a drum kit with `is_drums`.

    Raises
    ------
    UserError
        where the renderer is not installed, or the soundfont cannot be read or has no such preset.
    """
    synth, number = _synth(soundfont, sample_rate)
    _silence(synth)
    try:
        synth.program_select(0, number, 128 if is_drums else 0, preset, is_drums)
    except RuntimeError as error:
        raise UserError(f"{soundfont} has no preset {preset}: give a General MIDI soundfont") from error
    sound = _play(synth, notes, round(seconds * sample_rate), sample_rate)
    level = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))
    return sound * np.float32(0.1 / level) if level > 1e-6 else sound


def _play(synth, notes: Sequence[Note], n_samples: int, sample_rate: int) -> NDArray[np.float32]:
    """Let a synthesiser play, event after event; the mean of its two channels."""
    begins = [(note.start, 1, note) for note in notes]
    ends = [(note.start + note.seconds, 0, note) for note in notes]
    blocks = []
    position = 0
    for time, is_begin, note in sorted(begins + ends, key=lambda event: event[:2]):
        until = min(round(time * sample_rate), n_samples)
        blocks.append(_generate(synth, until - position))
        position = until
        if is_begin:
            synth.noteon(0, note.pitch, round(127 * note.velocity))
        else:
            synth.noteoff(0, note.pitch)
    return np.concatenate([*blocks, _generate(synth, n_samples - position)])


def _generate(synth, n_samples: int) -> NDArray[np.float32]:
    if n_samples <= 0:
        return np.zeros(0, np.float32)
    return np.frombuffer(synth.generate(n_samples), np.float32).reshape(-1, 2).mean(axis=1)


def _silence(synth) -> None:
    """End all that sounds; it dies away for a moment, which must not be heard in what is rendered next."""
    synth.sounds_off()
    while _generate(synth, BLOCK_SAMPLES).any():
        pass


@lru_cache(maxsize=2)
def _synth(soundfont: Path, sample_rate: int) -> tuple:
    """A synthesiser with a soundfont, and the number of that; loading one takes longer than a phrase."""
    try:
        import tinysoundfont
    except ImportError as error:
        raise UserError("sounds are made by tinysoundfont: pip install --no-deps tinysoundfont") from error
    synth = tinysoundfont.Synth(samplerate=sample_rate)
    try:
        return synth, synth.sfload(str(soundfont))
    except Exception as error:  # it has an exception of its own, and raises others for damaged files
        raise UserError(f"{soundfont} is damaged or no soundfont: give an .sf2 file") from error


def add_room(sound: NDArray[np.float32], generator: np.random.Generator, *, sample_rate: int) -> NDArray[np.float32]:
    """The sound in a room of 0.1 to 0.8 s: noise that dies away, 6 to 20 dB below the sound itself; as long as it."""
    from scipy.signal import fftconvolve

    decay = generator.uniform(0.1, 0.8)
    time = np.arange(round(decay * sample_rate)) / sample_rate
    tail = generator.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    tail *= 10 ** (-generator.uniform(6, 20) / 20) / np.sqrt(np.sum(tail**2))
    return sound + fftconvolve(sound, tail)[: len(sound)].astype(np.float32)


def add_noise(sound: NDArray[np.float32], generator: np.random.Generator, *, snr: float) -> NDArray[np.float32]:
    """The sound with pink noise that is `snr` dB below it; silence stays silence."""
    spectrum = np.fft.rfft(generator.standard_normal(len(sound)))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, len(sound))
    level = np.sqrt(np.mean(np.square(sound, dtype=np.float64)) / np.mean(noise**2))
    return (sound + level * 10 ** (-snr / 20) * noise).astype(np.float32)
