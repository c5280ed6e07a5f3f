"""Sounds of streets that free collections lack, made of sines, pulses and noise.

A transcoder learns from what its teacher hears in a sound, whatever the sound is in truth; so a siren that is made of
sines teaches it what to make of sirens. Each sound has random numbers for all that distinguishes one machine, horn,
shot or bird from the next.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import signal

from audiokit.files import make_folder, write_whole
from spectral_transcoder.third_octave import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Maker = Callable[[np.random.Generator, int], NDArray[np.float64]]

__all__ = ["KINDS", "SoundMaker", "make_sound", "noise", "write_flac"]

HIGHEST_HZ = 0.47 * SAMPLE_RATE
LOWEST_NOISE_HZ = 20.0


def make_sound(kind: str, number: int, *, seconds: float = 5.0) -> NDArray[np.float32]:
    """Sound of a kind, (seconds · 32000,), the same for the same kind, number and duration; its peak is 1."""
    random = np.random.default_rng((list(KINDS).index(kind), number))
    return _to_peak(KINDS[kind](random, int(seconds * SAMPLE_RATE))).astype(np.float32)


def write_flac(path: Path, sound: NDArray[np.float32]) -> None:
    """Write a sound at 32 kHz with 16 bits, whole or not at all."""
    import soundfile

    content = io.BytesIO()  # libsndfile does not tell of a full disk
    soundfile.write(content, sound, SAMPLE_RATE, "PCM_16", format="FLAC")
    with write_whole(path) as partial:
        partial.write_bytes(content.getvalue())


@dataclass(frozen=True)
class SoundMaker:
    """Writes sounds that are not there yet, in a folder for each kind; can be sent to other processes."""

    folder: Path

    def __call__(self, sound: tuple[str, int]) -> Path:
        """Write the sound of a kind and number."""
        kind, number = sound
        path = make_folder(self.folder / kind) / f"{kind}_{number:04}.flac"
        if not path.exists():
            write_flac(path, make_sound(kind, number))
        return path


def noise(n_samples: int, random: np.random.Generator, slope: float) -> NDArray[np.float64]:
    """Noise whose power goes with frequency^slope."""
    frequencies = np.maximum(np.fft.rfftfreq(n_samples, 1 / SAMPLE_RATE), LOWEST_NOISE_HZ)
    spectrum = np.fft.rfft(random.standard_normal(n_samples))
    return np.fft.irfft(spectrum * frequencies ** (slope / 2), n_samples)


def siren(random: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """Wail, yelp, two tones or phaser, overdriven as from a loudspeaker."""
    time = np.arange(n_samples) / SAMPLE_RATE
    lowest = random.uniform(350, 800)
    octaves = random.uniform(0.4, 1.4)
    match random.integers(4):
        case 0:
            position = 0.5 - 0.5 * np.cos(2 * np.pi * time / random.uniform(2, 7))
        case 1:
            phase = time * random.uniform(2.5, 5) % 1
            position = np.minimum(3 * phase, 1.5 * (1 - phase))
        case 2:
            position = (time * random.uniform(0.4, 1.2) % 1 < 0.5).astype(float)
            octaves = random.uniform(0.25, 0.6)
        case _:
            position = time * random.uniform(6, 14) % 1
    frequency = lowest * 2 ** (octaves * position)
    tone = _harmonics(frequency, random, n_harmonics=random.integers(3, 9), slope=random.uniform(0.5, 1.6))
    overdriven = np.tanh(random.uniform(0.5, 4) * _to_peak(tone))
    return _over_noise(_resonances(overdriven, random, 3, (500, 4000), (1, 4)), random, (-35, -12), -1.5)


def horn(random: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """Two membranes a third apart, for short and long."""
    frequency = np.full(n_samples, random.uniform(250, 600))
    slope = random.uniform(0.3, 1)
    pair = sum(
        _harmonics(ratio * frequency, random, n_harmonics=25, slope=slope) for ratio in (1, random.uniform(1.15, 1.3))
    )
    sounding = np.zeros(n_samples)
    position = 0
    while position < n_samples:
        length = int(SAMPLE_RATE * random.uniform(0.15, 1.5))
        sounding[position : position + length] = 1
        position += length + int(SAMPLE_RATE * random.uniform(0.1, 1.2))
    window = signal.windows.hann(400)
    sounding = signal.oaconvolve(sounding, window / window.sum(), "same")
    return _over_noise(_resonances(pair, random, 3, (800, 4000), (0.7, 3)) * sounding, random, (-40, -15), -1.5)


def jackhammer(random: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """Blows that ring in metal and ground, ten to thirty a second, over a compressor."""
    blows = _pulses(random.uniform(9, 30) * _drifting(n_samples, random, 2, 0.03))
    blows *= 1 + 0.3 * random.standard_normal(n_samples)
    length = int(SAMPLE_RATE * random.uniform(0.01, 0.05))
    sounds = random.standard_normal((4, length)) * np.exp(-np.linspace(0, random.uniform(2, 6), length))
    which = random.integers(4, size=n_samples)
    hammer = sum(signal.oaconvolve(blows * (which == i), sound)[:n_samples] for i, sound in enumerate(sounds))
    ringing = _to_peak(_resonances(hammer, random, 5, (80, 5000), (0.7, 5))) + random.uniform(0, 0.5) * _to_peak(hammer)
    return _to_peak(ringing) + _gain(random, (-25, -3)) * engine(random, n_samples)


def drill(random: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """A motor's whine that rises and falls with the load, and the noise of what it bites."""
    speed = random.uniform(80, 500) * _drifting(n_samples, random, random.uniform(0.5, 3), random.uniform(0.01, 0.15))
    whine = _harmonics(np.abs(speed), random, n_harmonics=random.integers(8, 30), slope=random.uniform(0.2, 1))
    time = np.arange(n_samples) / SAMPLE_RATE
    chatter = 1 + random.uniform(0, 1) * np.sin(2 * np.pi * random.uniform(20, 60) * time)
    bite = _to_peak(_resonances(random.standard_normal(n_samples), random, 4, (800, 9000), (1, 6)))
    sound = (_to_peak(whine) + _gain(random, (-10, 8)) * bite) * chatter
    return sound * _drifting(n_samples, random, 4, 0.15)


def air_conditioner(random: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """Rushing air, and the hum of a motor at a multiple of what the mains have."""
    base = np.full(n_samples, random.choice([50, 60]) * random.uniform(0.45, 1))
    hum = _harmonics(base, random, n_harmonics=16, slope=random.uniform(0.5, 1.5))
    return _to_peak(noise(n_samples, random, random.uniform(-2.2, -0.6))) + _gain(random, (-25, 3)) * _to_peak(hum)


def engine(random: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """Firings of cylinders, none like the other, through an exhaust, over the noise of air."""
    speed = np.exp(random.uniform(np.log(10), np.log(90))) * _drifting(
        n_samples, random, random.uniform(0.5, 6), random.uniform(0.01, 0.12)
    )
    jitter = _drifting(n_samples, random, 60, random.uniform(0.02, 0.15))
    firings = _pulses(np.abs(speed * jitter)) * (1 + 0.3 * random.standard_normal(n_samples))
    length = int(0.03 * SAMPLE_RATE)
    bang = random.standard_normal(length) * np.exp(-np.linspace(0, random.uniform(4, 12), length))
    bangs = signal.oaconvolve(firings, bang)[:n_samples]
    exhaust = _to_peak(_resonances(bangs, random, 6, (40, 2500), (0.5, 3))) + 0.3 * _to_peak(bangs)
    air = _to_peak(noise(n_samples, random, random.uniform(-2, -1)) * _drifting(n_samples, random, 8, 0.2))
    return _to_peak(_to_peak(exhaust) + _gain(random, (-20, 6)) * air)


def gunshot(random: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """Shots, each with an echo that fades, alone or in bursts."""
    longest = int(1.2 * SAMPLE_RATE)
    sound = np.zeros(n_samples + longest)
    position = int(SAMPLE_RATE * random.uniform(0.1, 0.5))
    while position < n_samples:
        length = int(random.uniform(0.1, 1) * longest)
        decay = np.exp(-np.linspace(0, random.uniform(6, 14), length))
        sound[position : position + length] += noise(length, random, random.uniform(-1.2, 0)) * decay
        position += int(SAMPLE_RATE * random.uniform(0.1, 1.6))
    return _over_noise(sound[:n_samples], random, (-60, -25), -1.0)


def birds(random: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """Birds that whistle, chirp, trill or cry as gulls do, one to three of them, near and far."""
    singing = sum(_gain(random, (-20, 0)) * _to_peak(_bird(random, n_samples)) for _ in range(random.integers(1, 4)))
    return _over_noise(singing, random, (-45, -18), random.uniform(-2, -0.5))


KINDS: Mapping[str, Maker] = {
    maker.__name__: maker for maker in (siren, horn, jackhammer, drill, air_conditioner, engine, gunshot, birds)
}


def _bird(random: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """One bird: syllables of its own, each of them some times, and pauses."""
    is_gull = random.random() < 0.25
    lowest = random.uniform(600, 1300) if is_gull else np.exp(random.uniform(*np.log((1800, 5500))))
    longest = random.uniform(0.2, 0.7) if is_gull else random.uniform(0.05, 0.35)
    repertoire = [
        _syllable(random, lowest, longest, n_harmonics=10 if is_gull else 2) for _ in range(random.integers(1, 5))
    ]
    sound = np.zeros(n_samples + int(SAMPLE_RATE * longest))
    position = int(SAMPLE_RATE * random.uniform(0, 0.7))
    while position < n_samples:
        syllable = repertoire[random.integers(len(repertoire))]
        gap = int(SAMPLE_RATE * random.uniform(0.02, 0.2))
        for _ in range(random.integers(1, 9)):
            if position < n_samples:
                sound[position : position + len(syllable)] += syllable
            position += len(syllable) + gap
        position += int(SAMPLE_RATE * random.uniform(0.1, 1.2))
    return sound[:n_samples]


def _syllable(random: np.random.Generator, lowest: float, longest: float, *, n_harmonics: int) -> NDArray[np.float64]:
    """A tone that rises, falls, does both, or warbles, within an octave of `lowest` in Hz."""
    n_samples = int(SAMPLE_RATE * longest * random.uniform(0.3, 1))
    place = np.linspace(0, 1, n_samples)
    shape = random.choice(
        (place, 1 - place, np.sin(np.pi * place), np.sin(2 * np.pi * random.uniform(1, 8) * place) / 2)
    )
    frequency = lowest * 2 ** (random.uniform(0, 0.4) + random.uniform(0.05, 0.6) * shape)
    tone = _harmonics(frequency, random, n_harmonics=n_harmonics, slope=random.uniform(0.5, 2.5))
    rough = 1 + random.uniform(0, 0.7) * np.sin(2 * np.pi * random.uniform(20, 90) * n_samples / SAMPLE_RATE * place)
    return random.uniform(0.4, 1) * np.sin(np.pi * place) ** random.uniform(0.3, 2) * rough * tone


def _harmonics(
    frequency: NDArray[np.float64], random: np.random.Generator, *, n_harmonics: int, slope: float
) -> NDArray[np.float64]:
    """Sines at multiples of a frequency in Hz, those higher than `HIGHEST_HZ` left out, as soft as number^slope."""
    phase = 2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE
    numbers = np.arange(1, n_harmonics + 1)
    return sum(
        np.sin(number * phase + random.uniform(0, 2 * np.pi)) / number**slope
        for number in numbers[numbers * frequency.max() < HIGHEST_HZ]
    )


def _pulses(rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where a period of a rate in Hz begins, else 0."""
    return (np.diff(np.floor(np.cumsum(rate / SAMPLE_RATE)), prepend=0) > 0).astype(float)


def _resonances(
    sound: NDArray[np.float64],
    random: np.random.Generator,
    number: int,
    range_hz: tuple[float, float],
    range_q: tuple[float, float],
) -> NDArray[np.float64]:
    """Sum of what random resonances leave of a sound."""
    total = np.zeros_like(sound)
    for _ in range(number):
        frequency = np.exp(random.uniform(*np.log(range_hz)))
        total += random.uniform(0.2, 1) * signal.lfilter(
            *signal.iirpeak(frequency, random.uniform(*range_q), fs=SAMPLE_RATE), sound
        )
    return total


def _drifting(n_samples: int, random: np.random.Generator, rate: float, depth: float) -> NDArray[np.float64]:
    """A factor about 1 that takes `rate` new values a second, with a standard deviation of `depth`."""
    n_values = int(n_samples / SAMPLE_RATE * rate) + 2
    values = random.standard_normal(n_values)
    return 1 + depth * np.interp(np.arange(n_samples), np.linspace(0, n_samples, n_values), values)


def _over_noise(
    sound: NDArray[np.float64], random: np.random.Generator, range_db: tuple[float, float], slope: float
) -> NDArray[np.float64]:
    return _to_peak(sound) + _gain(random, range_db) * _to_peak(noise(len(sound), random, slope))


def _gain(random: np.random.Generator, range_db: tuple[float, float]) -> float:
    return 10 ** (random.uniform(*range_db) / 20)


def _to_peak(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    return sound / max(np.abs(sound).max(initial=0), np.finfo(np.float32).tiny)
