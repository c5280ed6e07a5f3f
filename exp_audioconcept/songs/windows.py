"""Sources of batches for the trainer: windows of songs, at random to learn from, in order to choose by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from exp_audioconcept.songs.sound import StoredSongs

__all__ = ["GENRE", "MEL", "SONG", "SOUND", "AllWindows", "RandomWindows"]

SOUND, MEL, GENRE, SONG = "sound", "mel", "genre", "song"
"""What batches hold: (n, n_samples) or (n, 128, n_frames), (n,) and (n,)."""


class RandomWindows:
    """A window of each song, another one in each epoch.

    Parameters
    ----------
    songs : (n,)
        numbers in the store.
    genres : (n,)
        numbers.
    length
        of a window, samples.
    augment
        changes a waveform, given a seed. Without it batches hold Mel spectrograms from the store, with it waveforms.
    """

    def __init__(
        self,
        stored: StoredSongs,
        songs: NDArray[np.integer],
        genres: NDArray[np.integer],
        *,
        length: int,
        batch_size: int,
        seed: int = 0,
        augment: Callable[[NDArray[np.float32], int], NDArray[np.float32]] | None = None,
    ) -> None:
        self.stored = stored
        self.songs = np.asarray(songs)
        self.genres = np.asarray(genres)
        self.length = length
        self.batch_size = batch_size
        self.seed = seed
        self.augment = augment

    def __len__(self) -> int:
        """A last song that would be alone joins the batch before it: batch normalisation knows nothing of one."""
        n_full, rest = divmod(len(self.songs), self.batch_size)
        return max(1 if len(self.songs) else 0, n_full + (rest > 1))

    def batches(self, epoch: int, first: int = 0) -> Iterator[dict[str, torch.Tensor]]:
        """Batches of an epoch from number `first` on: a function of seed and epoch alone."""
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.songs))
        for number in range(first, len(self)):
            stop = None if number == len(self) - 1 else (number + 1) * self.batch_size
            members = order[number * self.batch_size : stop]
            windows = np.stack([self._window(int(member), epoch) for member in members])
            yield {
                SOUND if self.augment else MEL: torch.from_numpy(windows),
                GENRE: torch.from_numpy(self.genres[members]),
            }

    def _window(self, member: int, epoch: int) -> NDArray[np.float32]:
        random = np.random.default_rng([self.seed, epoch, member])
        song = int(self.songs[member])
        start = self.stored.random_start(song, self.length, random)
        if self.augment is None:
            return self.stored.mel(song, start, self.length)
        return self.augment(self.stored.sound(song, start, self.length), int(random.integers(2**31)))


class AllWindows:
    """All of each song, window by window, as Mel spectrograms from the store; `song` is the number among `songs`."""

    def __init__(
        self,
        stored: StoredSongs,
        songs: NDArray[np.integer],
        genres: NDArray[np.integer],
        *,
        length: int,
        batch_size: int,
    ) -> None:
        self.stored = stored
        self.songs = np.asarray(songs)
        self.genres = np.asarray(genres)
        self.length = length
        self.batch_size = batch_size
        self.windows = [
            (member, int(start)) for member, song in enumerate(self.songs) for start in stored.starts(int(song), length)
        ]

    def __len__(self) -> int:
        return -(-len(self.windows) // self.batch_size)

    def batches(self, epoch: int = 0, first: int = 0) -> Iterator[dict[str, torch.Tensor]]:
        """Batches from number `first` on, the same in every epoch."""
        for begin in range(first * self.batch_size, len(self.windows), self.batch_size):
            chosen = self.windows[begin : begin + self.batch_size]
            members = np.array([member for member, _ in chosen])
            mels = [self.stored.mel(int(self.songs[member]), start, self.length) for member, start in chosen]
            yield {
                MEL: torch.from_numpy(np.stack(mels)),
                GENRE: torch.from_numpy(self.genres[members]),
                SONG: torch.from_numpy(members),
            }
