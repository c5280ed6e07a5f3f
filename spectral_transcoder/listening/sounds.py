"""Sounds of Mel spectrograms that come in block by block, written while they come."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import groupby
from typing import TYPE_CHECKING

import torch

from audiokit.sound.audio import write_wav
from spectral_transcoder.inversion import mel_to_audio, paper_mel_to_audio

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

    from audiokit.sound.mel import MelFrontEnd

__all__ = ["SoundWriter", "write_paper_sounds"]

OVERLAP_FRAMES = 20
"""Frames of a block that are inverted again with the next, and faded from one to the other."""


class SoundWriter:
    """Wav files of any length from blocks of Mel spectrograms; a context manager.

    Blocks are inverted one after the other, all files at once. Each starts with the end of the one before, from whose
    phases it goes on, and the two are cross-faded there.

    Parameters
    ----------
    paths
        name → wav file.
    exponents
        name → 2 where its Mel values are sums of power, 1 of magnitude.
    n_samples
        of each sound, at the front end's rate.
    """

    def __init__(
        self,
        paths: Mapping[str, Path],
        front_end: MelFrontEnd,
        *,
        exponents: Mapping[str, int],
        n_samples: int,
        iterations: int,
    ) -> None:
        self.front_end = front_end
        self.exponents = exponents
        self.iterations = iterations
        self.remaining = n_samples
        self.paths = paths
        self.last_mels: dict[str, torch.Tensor] = {}
        self.tails: dict[str, torch.Tensor] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Open the files."""
        rate = self.front_end.sample_rate
        self.files = {
            name: self._stack.enter_context(write_wav(path, rate, n_samples=self.remaining))
            for name, path in self.paths.items()
        }
        return self

    def __exit__(self, *details: object) -> None:
        """Close the files."""
        self._stack.close()

    def add(self, mels: Mapping[str, torch.Tensor], *, is_last: bool) -> None:
        """Invert and write the next block.

        Parameters
        ----------
        mels
            name → (n_frames, n_mels), the same number of frames for all.
        """
        n_written = 0
        by_exponent = groupby(sorted(mels, key=self.exponents.get), key=self.exponents.get)
        for exponent, names in by_exponent:
            group = {name: mels[name] for name in names}
            sounds = self._invert(group, exponent)
            n_held = 0 if is_last else OVERLAP_FRAMES * self.front_end.hop_length
            n_written = min(sounds.shape[1] - n_held, self.remaining)
            for name, sound in zip(group, sounds, strict=True):
                self.files[name].write(sound[:n_written].cpu().numpy())
                self.tails[name] = sound[n_written:].clone()
        self.last_mels = {name: mel[-OVERLAP_FRAMES:] for name, mel in mels.items()}
        self.remaining -= n_written

    def _invert(self, mels: Mapping[str, torch.Tensor], exponent: int) -> torch.Tensor:
        """Sounds of a block, from where the files end: (n_names, n_samples)."""
        if self.tails.keys() >= mels.keys():
            tail = torch.stack([self.tails[name] for name in mels])
            log_mel = torch.stack([torch.cat([self.last_mels[name], mel]) for name, mel in mels.items()])
        else:
            tail = None
            log_mel = torch.stack(list(mels.values()))
        sounds = mel_to_audio(
            log_mel,
            self.front_end,
            # One sample less than the frames' hops: all front ends make as many frames of that.
            n_samples=log_mel.shape[1] * self.front_end.hop_length - 1,
            exponent=exponent,
            iterations=self.iterations,
            start=tail,
        )
        sounds = torch.nn.functional.pad(sounds, (0, 1))
        if tail is not None:
            n_faded = tail.shape[1]
            fade = torch.linspace(0, 1, n_faded, device=sounds.device)
            sounds[:, :n_faded] = torch.lerp(tail, sounds[:, :n_faded], fade)
        return sounds


def write_paper_sounds(paths: Mapping[str, Path], mels: Mapping[str, torch.Tensor], front_end: MelFrontEnd) -> None:
    """Write wav files as the published ones were made; see `paper_mel_to_audio`."""
    for name, path in paths.items():
        sound = paper_mel_to_audio(mels[name].cpu().numpy(), front_end)
        with write_wav(path, front_end.sample_rate, n_samples=len(sound)) as file:
            file.write(sound)
