"""Soundscapes put together from recordings, for transcoders that have to generalise.

What sensors hear is near or far, loud or soft, coloured by the microphone and covered by other sounds; recordings in
collections are none of that. A scene is a minute of randomly chosen pieces of recordings, some on top of a background,
each with a level, a speed and a distance of its own, all coloured by a random microphone. What people record is mostly
one thing at a time, so that some scenes may hold one recording after the other, ten seconds each; and some may have
nothing above a frequency, for what cannot be heard there is missing from many recordings.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import oaconvolve

from audiokit.errors import UserError, in_one_line
from audiokit.files import stamp, write_whole
from audiokit.sound.audio import Recording
from spectral_transcoder.soundscapes.synthetic_sounds import noise, write_flac
from spectral_transcoder.third_octave import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Scene", "SceneRecipe", "SceneWriter", "collections_in", "make_scene"]

FADE_SECONDS = 0.02
COLOUR_BANDS = 8
"""Points of a microphone's random frequency response, evenly spaced in octaves."""

LOWEST_HZ = 40.0
CUT_HZ = (3500.0, 14000.0)
"""Between telephones, and what third octaves and most teachers hear anyway."""

ALONE_SECONDS = 10
"""As long as the windows that taggers hear."""


@dataclass(frozen=True)
class SceneRecipe:
    """What scenes are made by; ranges are of uniform distributions."""

    seconds: int = 60
    piece_seconds: tuple[float, float] = (1.0, 10.0)
    """Longest duration of a piece; recordings that are shorter are taken whole."""

    level_db: tuple[float, float] = (-30.0, 0.0)
    """Peak of a piece."""

    reverberant_share: float = 0.5
    """Of the pieces come from afar: with an echo that decays by 60 dB within `reverberation_seconds`."""

    reverberation_seconds: tuple[float, float] = (0.2, 2.5)
    reverberation_db: tuple[float, float] = (-15.0, 5.0)
    """Peak of the echo relative to the piece's."""

    background_share: float = 0.5
    """Of the scenes have a background."""

    background_db: tuple[float, float] = (-45.0, -12.0)
    noise_db: tuple[float, float] = (-60.0, -20.0)
    """Peak of the noise that nowhere is without, from the first sample to the last."""

    noise_slope: tuple[float, float] = (-2.0, 0.0)
    """Its power goes with frequency to the power of this."""

    speed: tuple[float, float] = (0.75, 1.35)
    colour_db: float = 4.0
    """Standard deviation of the microphone's response."""

    overlap: tuple[float, float] = (0.8, 1.4)
    """When the next piece begins, as a share of the piece's duration."""

    alone_share: float = 0.0
    """Of the scenes hold one recording at a time, for `ALONE_SECONDS`, and no background."""

    again_share: float = 0.6
    """Of the recordings that are alone are heard again and again until the time is over, and others once."""

    pause_seconds: tuple[float, float] = (0.05, 1.2)
    """Before they are heard again."""

    cut_share: float = 0.0
    """Of the scenes have nothing above a frequency, like recordings at low rates and compressed ones."""

    cut_hz: tuple[float, float] = CUT_HZ
    seed: int = 0

    def described(self) -> dict[str, object]:
        """All of it, as JSON has it."""
        return json.loads(json.dumps(asdict(self)))


def collections_in(paths: Sequence[Path]) -> list[list[Path]]:
    """Recordings by the folder that they lie in: each folder is drawn as often, however much it holds."""
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(paths):
        folders[path.parent].append(path)
    return list(folders.values())


def make_scene(collections: Sequence[Sequence[Path]], recipe: SceneRecipe, number: int) -> NDArray[np.float32]:
    """A scene, (seconds · 32000,), the same for the same recipe, number and recordings; its peak is 1.

    Parameters
    ----------
    collections
        of recordings, as `collections_in` gives them.
    """
    random = np.random.default_rng((recipe.seed, number))
    n_samples = recipe.seconds * SAMPLE_RATE
    scene = _gain(recipe.noise_db, random) * _to_peak(noise(n_samples, random, random.uniform(*recipe.noise_slope)))
    if recipe.alone_share and random.random() < recipe.alone_share:
        _add_one_at_a_time(scene, collections, recipe, random)
    else:
        _add_overlapping(scene, collections, recipe, random)
    scene = _coloured(scene, recipe.colour_db, random)
    if recipe.cut_share and random.random() < recipe.cut_share:
        scene = _below(scene, random.uniform(*recipe.cut_hz))
    return scene / max(np.abs(scene).max(), np.finfo(np.float32).tiny)


def _add_overlapping(
    scene: NDArray[np.float32], collections: Sequence[Sequence[Path]], recipe: SceneRecipe, random: np.random.Generator
) -> None:
    if random.random() < recipe.background_share:
        scene += _gain(recipe.background_db, random) * _background(collections, len(scene), random)
    position = 0
    while position < len(scene):
        piece = _gain(recipe.level_db, random) * _piece(collections, recipe, random)
        room = scene[position : position + len(piece)]
        room += piece[: len(room)]
        position += max(1, int(len(piece) * random.uniform(*recipe.overlap)))


def _add_one_at_a_time(
    scene: NDArray[np.float32], collections: Sequence[Sequence[Path]], recipe: SceneRecipe, random: np.random.Generator
) -> None:
    length = ALONE_SECONDS * SAMPLE_RATE
    for start in range(0, len(scene), length):
        piece = _gain(recipe.level_db, random) * _piece(collections, recipe, random)
        block, position = scene[start : start + length], 0
        again = random.random() < recipe.again_share
        while position < len(block) and (again or not position):
            room = block[position : position + len(piece)]
            room += piece[: len(room)]
            position += len(piece) + int(random.uniform(*recipe.pause_seconds) * SAMPLE_RATE)


class UnusableRecording(UserError):
    """A recording that was drawn and cannot be used; `path` is which."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path


@dataclass(frozen=True)
class Scene:
    """A scene that is there."""

    path: Path
    unusable: Mapping[Path, str] = field(default_factory=dict)
    """Recordings that were drawn for it and could not be used → reason."""


@dataclass(frozen=True)
class SceneWriter:
    """Writes scenes that are not there yet; can be sent to other processes."""

    collections: Sequence[Sequence[Path]]
    recipe: SceneRecipe
    folder: Path

    @property
    def note(self) -> Path:
        """What the folder's scenes are made of."""
        return self.folder / "recipe.json"

    def check(self) -> None:
        """Write down what the folder's scenes are made of, or compare it with what was written down.

        Raises
        ------
        UserError
            where the scenes that are there are made by another recipe, or of other recordings, or these have changed.
        """
        names = [[path.as_posix() for path in collection] for collection in self.collections]
        stamps = [stamp(path) for collection in self.collections for path in collection if path.is_file()]
        made_of = self.recipe.described() | {"recordings": _checksum(names), "stamps": _checksum(stamps)}
        if not self.note.exists():
            with write_whole(self.note) as partial:
                partial.write_text(json.dumps(made_of, indent=1), encoding="utf-8")
            return
        # What a note does not name was not there to be chosen when it was written, and is as by default.
        noted = SceneRecipe().described() | json.loads(self.note.read_text(encoding="utf-8"))
        if max((changed for _, changed in stamps), default=0) <= self.note.stat().st_mtime_ns:
            noted = {"stamps": made_of["stamps"]} | noted  # of notes without them, the time is what tells
        if {**noted, "stamps": ""} != {**made_of, "stamps": ""}:
            reason = "are made otherwise, or of other recordings"
        elif noted.get("stamps") != made_of["stamps"]:
            reason = "are made of recordings that have changed since"
        else:
            return
        raise UserError(f"the scenes in {self.folder} {reason}: name a new folder")

    def __call__(self, number: int) -> Scene:
        """Write a scene as 16-bit FLAC, of other recordings where one that was drawn cannot be used.

        Raises
        ------
        UserError
            where there is none that can be used.
        """
        scene = Scene(self.folder / f"scene_{number:05}.flac")
        if scene.path.exists():
            return scene
        collections = self.collections
        while True:
            try:
                write_flac(scene.path, make_scene(collections, self.recipe, number))
                return scene
            except UnusableRecording as error:
                scene = replace(scene, unusable={**scene.unusable, error.path: str(error)})
                collections = _without(collections, error.path)
                if not collections:
                    raise


def _checksum(described: object) -> str:
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def _without(collections: Sequence[Sequence[Path]], path: Path) -> list[list[Path]]:
    remaining = ([other for other in collection if other != path] for collection in collections)
    return [collection for collection in remaining if collection]


@lru_cache(maxsize=32)
def _recording(path: Path) -> Recording:
    return Recording(path, sample_rate=SAMPLE_RATE)


def _gain(range_db: tuple[float, float], random: np.random.Generator) -> np.float32:
    return np.float32(10 ** (random.uniform(*range_db) / 20))


def _drawn(collections: Sequence[Sequence[Path]], random: np.random.Generator) -> Recording:
    collection = collections[random.integers(len(collections))]
    path = collection[random.integers(len(collection))]
    try:
        return _recording(path)
    except Exception as error:
        raise UnusableRecording(path, in_one_line(error, path)) from error


def _background(
    collections: Sequence[Sequence[Path]], n_samples: int, random: np.random.Generator
) -> NDArray[np.float32]:
    """A recording that lasts, over and over again from a random sample on."""
    drawn = max((_drawn(collections, random) for _ in range(4)), key=lambda recording: recording.n_samples)
    start = int(random.integers(drawn.n_samples))
    once = drawn.read(start, min(drawn.n_samples, start + n_samples))
    return np.resize(np.concatenate([once, drawn.read(0, min(start, n_samples))]), n_samples)


def _piece(
    collections: Sequence[Sequence[Path]], recipe: SceneRecipe, random: np.random.Generator
) -> NDArray[np.float32]:
    """A part of a recording, faster or slower, faded in and out; its peak is 1 unless it is silent."""
    import soxr

    recording = _drawn(collections, random)
    length = min(recording.n_samples, int(random.uniform(*recipe.piece_seconds) * SAMPLE_RATE))
    start = int(random.integers(recording.n_samples - length + 1))
    speed = random.uniform(*recipe.speed)
    piece = soxr.resample(recording.read(start, start + length), SAMPLE_RATE * speed, SAMPLE_RATE, quality="LQ")
    n_fade = min(len(piece) // 2, int(FADE_SECONDS * SAMPLE_RATE))
    fade = np.linspace(0, 1, n_fade, dtype=np.float32)
    piece[:n_fade] *= fade
    piece[len(piece) - n_fade :] *= fade[::-1]
    if random.random() < recipe.reverberant_share:
        piece = _reverberant(piece, recipe, random)
    return _to_peak(piece)


def _reverberant(piece: NDArray[np.float32], recipe: SceneRecipe, random: np.random.Generator) -> NDArray[np.float32]:
    """A piece and its echo, noise that decays, which lasts on."""
    seconds = random.uniform(*recipe.reverberation_seconds)
    n_echo = int(seconds * SAMPLE_RATE)
    echo = random.standard_normal(n_echo) * 10 ** np.linspace(0, -60 / 20, n_echo)
    wet = _to_peak(oaconvolve(piece, echo.astype(np.float32)))
    wet *= _gain(recipe.reverberation_db, random)
    wet[: len(piece)] += _to_peak(piece)
    return wet


def _to_peak(piece: NDArray[np.floating]) -> NDArray[np.float32]:
    return piece.astype(np.float32) / max(np.abs(piece).max(initial=0), np.float32(1e-4))


def _coloured(scene: NDArray[np.float32], deviation_db: float, random: np.random.Generator) -> NDArray[np.float32]:
    """Filter by a random smooth frequency response."""
    octaves = np.linspace(np.log2(LOWEST_HZ), np.log2(SAMPLE_RATE / 2), COLOUR_BANDS)
    gains = random.normal(0, deviation_db, COLOUR_BANDS)
    spectrum = np.fft.rfft(scene)
    frequencies = np.fft.rfftfreq(len(scene), 1 / SAMPLE_RATE)
    response_db = np.interp(np.log2(np.maximum(frequencies, LOWEST_HZ)), octaves, gains)
    return np.fft.irfft(spectrum * 10 ** (response_db / 20), len(scene)).astype(np.float32)


def _below(scene: NDArray[np.float32], cutoff: float) -> NDArray[np.float32]:
    """What of a scene is below a frequency in Hz."""
    spectrum = np.fft.rfft(scene)
    spectrum[np.fft.rfftfreq(len(scene), 1 / SAMPLE_RATE) > cutoff] = 0
    return np.fft.irfft(spectrum, len(scene)).astype(np.float32)
