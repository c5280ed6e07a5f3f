"""Songs in a store, as sound and as the networks see it, and windows of them: what networks learn from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.sound.audio import Recording
from audiokit.sound.pieces import piece_starts
from audiokit.storage.row_arrays import RowArray
from exp_audioconcept.networks.mel import FRONT_END

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from audiokit.labels.clip_store import ClipStore

__all__ = ["MEL", "SOUND", "SongSound", "StoredSongs", "heard"]

SOUND, MEL = "sound", "mel"
ROW_FRAMES = 22
ROW_SAMPLES = ROW_FRAMES * FRONT_END.hop_length
"""Half a second."""

SHORTEST_SECONDS = 1.0
SILENCE_DB = -100.0
FULL_SCALE = 1 << 15
"""Of stored samples: those of 16-bit files are kept to the bit."""


@dataclass(frozen=True)
class SongSound:
    """A song, half a second a row (`audiokit.labels.clip_store_creation.ClipFeatures`)."""

    @property
    def arrays(self) -> dict[str, RowArray]:
        """Samples at 22050 Hz, mono, the last row continued with zeros, and the Mel frames that begin in a row."""
        return {
            SOUND: RowArray((ROW_SAMPLES,), "1/32768 of full scale", "int16"),
            MEL: RowArray((ROW_FRAMES, FRONT_END.n_mels), FRONT_END.unit),
        }

    def n_rows(self, n_samples: int, sample_rate: int) -> int:
        """Rows of a song; none below a second."""
        if n_samples < SHORTEST_SECONDS * sample_rate:
            return 0
        return math.ceil(math.ceil(n_samples * FRONT_END.sample_rate / sample_rate) / ROW_SAMPLES)

    def __call__(self, path: Path) -> Mapping[str, NDArray]:
        """Rows of a song."""
        import torch

        recording = heard(path, sample_rate=FRONT_END.sample_rate)
        n_rows = math.ceil(recording.n_samples / ROW_SAMPLES)
        sound = recording.read(0, n_rows * ROW_SAMPLES, normalise=False)
        mel = FRONT_END(torch.from_numpy(sound))[: n_rows * ROW_FRAMES].numpy()
        whole = np.clip(np.rint(sound * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
        return {SOUND: whole.reshape(n_rows, ROW_SAMPLES), MEL: mel.reshape(n_rows, ROW_FRAMES, -1)}

    def description(self) -> dict[str, object]:
        """What tells these rows from others."""
        return {"sound": "mono, 16 bit", "sample_rate": FRONT_END.sample_rate, "mel": FRONT_END.name}


def heard(path: Path, *, sample_rate: int) -> Recording:
    """A song, as long as it is no silence.

    Raises
    ------
    UserError
        where it cannot be read, or is silent: neither has a genre.
    """
    recording = Recording(path, sample_rate=sample_rate)
    if recording.peak < np.finfo(np.float32).tiny:
        raise UserError(f"{path} is silent: it has no genre that could be heard")
    return recording


class StoredSongs:
    """Songs of a store, of which windows are read from the disk.

    Windows begin at a Mel frame. Their Mel spectrograms are those of the songs, of which the frames at the edges know
    the sound beyond them.
    """

    def __init__(self, store: ClipStore) -> None:
        self.fingerprint = store.fingerprint
        """Songs by their numbers → what tells them from others."""

        self._samples = store.array(SOUND).reshape(-1)
        self._frames = store.array(MEL).reshape(-1, FRONT_END.n_mels)
        self._starts = store.first_rows * ROW_FRAMES
        self.n_frames = store.n_rows * ROW_FRAMES
        """Of each song, to half a second: what is beyond its end is silent."""

    def sound(self, song: int, first_frame: int, length: int) -> NDArray[np.float32]:
        """Samples of a window, continued with zeros where the song ends, (length,)."""
        begin = (self._starts[song] + first_frame) * FRONT_END.hop_length
        end = (self._starts[song] + self.n_frames[song]) * FRONT_END.hop_length
        samples = self._samples[begin : min(begin + length, end)] / np.float32(FULL_SCALE)
        return np.pad(samples, (0, length - len(samples)))

    def mel(self, song: int, first_frame: int, length: int) -> NDArray[np.float32]:
        """Mel spectrogram of a window of so many samples, (128, n_frames), dB; silence where the song ends."""
        begin = self._starts[song] + first_frame
        n_frames = FRONT_END.n_frames(length)
        frames = self._frames[begin : min(begin + n_frames, self._starts[song] + self.n_frames[song])]
        return np.pad(frames, ((0, n_frames - len(frames)), (0, 0)), constant_values=SILENCE_DB).T

    def mean_spectrum(self, songs: NDArray[np.integer]) -> NDArray[np.float64]:
        """Mean level of each band, every song weighing as much, (128,), dB."""
        spans = zip(self._starts[songs], self.n_frames[songs], strict=True)
        return np.mean([self._frames[start : start + n].mean(axis=0, dtype=np.float64) for start, n in spans], axis=0)

    def random_start(self, song: int, length: int, random: np.random.Generator) -> int:
        """A frame at which a window can begin without going beyond the song's end."""
        last = int(self.n_frames[song]) - length // FRONT_END.hop_length
        return int(random.integers(last + 1)) if last > 0 else 0

    def starts(self, song: int, length: int) -> NDArray[np.int64]:
        """Frames at which windows begin that cover a song: one after the other, and one that ends with it."""
        n_frames = length // FRONT_END.hop_length
        return piece_starts(int(self.n_frames[song]), length=n_frames, hop=n_frames)
