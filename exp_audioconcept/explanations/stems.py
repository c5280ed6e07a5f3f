"""Stems of a song that a separator has written, such as voice, drums and bass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import output_stem
from audiokit.sound.audio import Recording
from exp_audioconcept.songs.collection import SUFFIXES

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["read_stems"]

LONGEST_DIFFERENCE = 0.1
"""s, by which stems and song may differ in length, as encoders make them."""


def read_stems(
    folder: Path, song: Path, *, sample_rate: int, begin: int, n_samples: int
) -> dict[str, NDArray[np.float32]]:
    """The same stretch of every stem.

    Parameters
    ----------
    folder
        with a sound for each stem (`drums.wav`), or with such a folder for each song by its name, as separators leave
        them.
    begin, n_samples
        of the stretch, at `sample_rate`.

    Returns
    -------
    name → (n_samples,)

    Raises
    ------
    UserError
        where there are not two stems at least, or one is of another length than the song.
    """
    own = folder / output_stem(song)
    place = own if own.is_dir() else folder
    paths = sorted(path for path in place.glob("*") if path.suffix.lower() in SUFFIXES and path != song)
    if len(paths) < 2:
        raise UserError(f"{place} holds no stems of {song.name}: give a folder with drums.wav, vocals.wav …")
    stems = {path.stem: Recording(path, sample_rate=sample_rate) for path in paths}
    seconds = Recording(song, sample_rate=sample_rate).seconds
    for path, stem in zip(paths, stems.values(), strict=True):
        if abs(stem.seconds - seconds) > LONGEST_DIFFERENCE:
            raise UserError(
                f"{path} lasts {stem.seconds:.1f} s and {song.name} {seconds:.1f} s: give stems of this very song"
            )
    return {name: stem.read(begin, begin + n_samples, normalise=False) for name, stem in stems.items()}
