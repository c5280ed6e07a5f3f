"""What third octaves every 125 ms do not tell of a sound: the fine structure of noise, voices, chords and machines.

Each is a log-Mel spectrogram less what it is on average, for transcoders to add to what they expect: noise fluctuates
from frame to frame, voices and chords have lines at the multiples of their pitches, engines and hammers beat.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from spectral_transcoder.mel import MelFrontEnd

__all__ = ["KINDS", "N_TEXTURES", "noise_textures", "textures"]

KINDS = ("noise", "voice", "chord", "beats")
N_TEXTURES = 16
"""Of each kind."""

AMPLITUDE = 0.3
"""Root mean square of the sounds, far above what the front ends add to Mel values."""

FLOOR = 0.03
"""Of noise below the lines, relative to them: as in rooms and streets, and lest their depth be that of the window."""

BURST_SECONDS = 0.01
"""In which a burst decays to a third."""

BANDS_PER_THIRD_OCTAVE = 1 / 12
"""Of all Mel bands, about: finer structures than this are what third octaves do not tell."""


@cache
def textures(front_end: MelFrontEnd) -> torch.Tensor:
    """Textures of all kinds, (4, N_TEXTURES, chunk_frames, n_mels)."""
    # Ordinary tensors wherever they are made first, for they are kept, and networks that learn use them, too.
    with torch.inference_mode(False), torch.no_grad(), torch.device("cpu"):
        generator = torch.Generator().manual_seed(1)
        return torch.stack(
            [
                noise_textures(front_end),
                _lines(front_end, _voices(front_end.sample_rate, generator)),
                _lines(front_end, _chords(front_end.sample_rate, generator)),
                _beats(front_end, generator),
            ]
        )


def noise_textures(front_end: MelFrontEnd) -> torch.Tensor:
    """What white noise has in each band above and below its mean, (N_TEXTURES, chunk_frames, n_mels)."""
    noise = torch.randn(N_TEXTURES, front_end.sample_rate, generator=torch.Generator().manual_seed(0))
    mel = front_end(AMPLITUDE * noise)[:, : front_end.chunk_frames]
    return mel - mel.mean(dim=1, keepdim=True)


def _lines(front_end: MelFrontEnd, sounds: torch.Tensor) -> torch.Tensor:
    """What sounds have in each band above and below the mean over its neighbours."""
    noise = torch.randn(sounds.shape, generator=torch.Generator().manual_seed(2))
    sounds = sounds / sounds.square().mean(dim=1, keepdim=True).sqrt() + FLOOR * noise
    mel = front_end(AMPLITUDE * sounds)[:, : front_end.chunk_frames]
    side = round(front_end.n_mels * BANDS_PER_THIRD_OCTAVE / 2)
    smooth = functional.avg_pool1d(functional.pad(mel, (side, side), mode="replicate"), 2 * side + 1, stride=1)
    return mel - smooth


def _beats(front_end: MelFrontEnd, generator: torch.Generator) -> torch.Tensor:
    """What bursts of noise, 10 to 30 a second, have in each frame above and below the mean over time."""
    rate = 10 * 3 ** torch.rand(N_TEXTURES, 1, generator=generator)
    seconds = torch.arange(front_end.sample_rate) / front_end.sample_rate
    since_last = (rate * seconds) % 1 / rate
    noise = torch.randn(since_last.shape, generator=generator)
    mel = front_end(AMPLITUDE * noise * (FLOOR + (-since_last / BURST_SECONDS).exp()))[:, : front_end.chunk_frames]
    beat = mel.mean(dim=2, keepdim=True).expand_as(mel)
    return beat - beat.mean(dim=1, keepdim=True)


def _voices(sample_rate: int, generator: torch.Generator) -> torch.Tensor:
    """Seconds of buzzing at gliding pitches from 100 to 300 Hz, (N_TEXTURES, sample_rate)."""
    turns = torch.rand(N_TEXTURES, 1, 5, generator=generator)
    octaves = functional.interpolate(turns, size=sample_rate, mode="linear", align_corners=True)[:, 0]
    start = 100 * 2 ** torch.rand(N_TEXTURES, 1, generator=generator)
    return _harmonics(start * 2 ** (0.6 * octaves), sample_rate, n_harmonics=60)


def _chords(sample_rate: int, generator: torch.Generator) -> torch.Tensor:
    """Seconds of three notes at a time, of an equal-tempered scale from 110 Hz on, (N_TEXTURES, sample_rate)."""
    notes = torch.randint(37, (3, N_TEXTURES, 1, 3), generator=generator).float()
    held = functional.interpolate(notes.flatten(0, 1), size=sample_rate, mode="nearest")[:, 0]
    return _harmonics(110 * 2 ** (held / 12), sample_rate, n_harmonics=12).unflatten(0, (3, -1)).sum(dim=0)


def _harmonics(frequency: torch.Tensor, sample_rate: int, *, n_harmonics: int) -> torch.Tensor:
    """Sines at multiples of frequencies in Hz as far as there are, as soft as their number is high."""
    phase = 2 * math.pi * frequency.double().cumsum(dim=1) / sample_rate
    return sum(
        torch.sin(number * phase).float() / number * (number * frequency < 0.45 * sample_rate)
        for number in range(1, n_harmonics + 1)
    )
