"""A pack of recordings: as many as a given size holds, compressed, to be sent to a machine that trains.

A tar archive of Ogg Opus files, 48 kHz, one channel, each in the folder that it came from, and a table `recordings.csv`
of what they are, which may lie beside what is trained on them. As in scenes, each folder is drawn from as often,
however much it holds.
"""

from __future__ import annotations

import csv
import io
import tarfile
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

import numpy as np

from audiokit.download.archives import unpack
from audiokit.errors import UserError, in_one_line
from audiokit.files import write_whole
from audiokit.sound.audio import Recording
from spectral_transcoder.soundscapes.recording_names import recording_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path, PurePosixPath

    from numpy.typing import NDArray

__all__ = ["Packed", "draw_in_turn", "ogg", "unpack_recordings", "write_pack"]

SAMPLE_RATE = 48000
"""Hz, Opus' own. Recordings that all end at 11 kHz would be no smaller by much, and networks that have heard no others
take what does not end there for other sounds."""

COMPRESSION = 0.8
"""Of libsndfile's 0 to 1: about 60 kbit/s, at which Opus keeps the energy of each band within 0.1 dB up to 14 kHz, and
within 0.4 above. At 44 kbit/s, 2 dB are lost between 5.6 and 8 kHz; Vorbis at 60 has up to 1 dB too much."""

RECORDING_SUFFIX = ".ogg"
TABLE = "recordings.csv"
TAR_BLOCK = 512
END_BYTES = 20 * TAR_BLOCK
"""Of zeros at the end of a tar archive."""

WRITTEN_AT_ONCE = 1 << 15
"""Samples; libsndfile's Ogg encoders fail with a second and more of some sounds at once."""


@dataclass
class Packed:
    """What is in a pack."""

    n_bytes: int = 0
    seconds: float = 0.0
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    """Name in the pack, what lists call it, seconds."""

    unusable: list[str] = field(default_factory=list)
    """Why recordings were left out."""


def draw_in_turn(collections: Sequence[Sequence[Path]], *, seed: int = 0) -> Iterator[Path]:
    """One recording of each collection after the other, each collection in a random order, until all are drawn."""
    random = np.random.default_rng(seed)
    shuffled = [[paths[index] for index in random.permutation(len(paths))] for paths in collections]
    return (path for path in chain.from_iterable(zip_longest(*shuffled)) if path is not None)


def ogg(sound: NDArray[np.float32], sample_rate: int = SAMPLE_RATE) -> bytes:
    """A sound, (n_samples,) at one of Opus' sample rates, as an Ogg Opus file."""
    import soundfile

    content = io.BytesIO()
    with soundfile.SoundFile(
        content, "w", sample_rate, 1, format="OGG", subtype="OPUS", compression_level=COMPRESSION
    ) as file:
        for start in range(0, len(sound), WRITTEN_AT_ONCE):
            file.write(sound[start : start + WRITTEN_AT_ONCE])
    return content.getvalue()


def write_pack(
    collections: Sequence[Sequence[Path]],
    path: Path,
    *,
    largest_bytes: int,
    longest_seconds: float = 20.0,
    seed: int = 0,
    watch: Callable[[int], object] = lambda n_bytes: None,
) -> Packed:
    """Write a pack, whole or not at all.

    Parameters
    ----------
    collections
        of recordings, as `scenes.collections_in` gives them.
    largest_bytes
        of the pack; nothing is drawn any more as soon as a recording does not fit.
    longest_seconds
        of a recording that are taken, from its beginning.
    watch
        told the bytes of each recording that is in.

    Raises
    ------
    UserError
        where not one recording could be used, or fits.
    """
    packed = Packed(n_bytes=END_BYTES)
    with write_whole(path) as partial, tarfile.open(partial, "w") as archive:
        for source in draw_in_turn(collections, seed=seed):
            try:
                recording = Recording(source, sample_rate=SAMPLE_RATE)
                sound = recording.read(0, min(recording.n_samples, round(longest_seconds * SAMPLE_RATE)))
                content = ogg(sound)
            except Exception as error:
                packed.unusable.append(in_one_line(error, source))
                continue
            name = f"{source.parent.name}/{len(packed.rows):05}{RECORDING_SUFFIX}"
            row = (name, recording_name(source.stem), f"{len(sound) / SAMPLE_RATE:.2f}")
            # A header and whole blocks; and the row, should it be the last of the table.
            n_bytes = TAR_BLOCK + -(-len(content) // TAR_BLOCK) * TAR_BLOCK + len(",".join(row).encode()) + TAR_BLOCK
            if packed.n_bytes + n_bytes > largest_bytes:
                break
            _add(archive, name, content)
            packed.rows.append(row)
            packed.n_bytes += n_bytes
            packed.seconds += len(sound) / SAMPLE_RATE
            watch(n_bytes)
        if not packed.rows:
            why = packed.unusable[0] if packed.unusable else f"not one fits into {largest_bytes} bytes"
            raise UserError(f"{path} is not written, for no recording can be packed: {why}")
        _add(archive, TABLE, _table(packed.rows))
    packed.n_bytes = path.stat().st_size
    return packed


def unpack_recordings(pack: Path, folder: Path) -> list[Path]:
    """Unpack a pack into a folder, its table too; what is there already stays, so that it can be repeated.

    Returns
    -------
    list of Path
        of the recordings.

    Raises
    ------
    UserError
        where the pack is damaged, or leads out of the folder.
    """
    if not pack.is_file():
        raise UserError(f"there is no pack {pack}: make one with python3 exp_train_model/pack_recordings.py")
    names = unpack(pack, folder, place=_place)
    return [folder / name for name in names if name.endswith(RECORDING_SUFFIX)]


def _place(name: PurePosixPath) -> PurePosixPath | None:
    return name if name.suffix == RECORDING_SUFFIX or str(name) == TABLE else None


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _table(rows: Sequence[tuple[str, str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("packed", "recording", "seconds"))
    writer.writerows(rows)
    return text.getvalue().encode()
