"""A student that hears without painting: third-octave levels of some seconds to the teacher's scores of each of them.

A transcoder makes a Mel spectrogram that the teacher has to take for real; what third octaves do not tell it must make
up. A tagger only says what the teacher would have heard. Its layers are those of `tcn`, first over the frames of each
second and its neighbours, then, once each second is a vector, over seconds: what sounds for long is heard in its
context, which is all there is where levels come once a second.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from spectral_transcoder.third_octave import FAST, N_BANDS, SLOW
from spectral_transcoder.transcoders.tcn import DB_PER_NEPER, Block, relative_levels

__all__ = ["WINDOW_SECONDS", "Cadence", "Tagger", "as_slow", "frames_in_a_second"]

Cadence = Literal["fast", "slow"]

WINDOW_SECONDS = 10
"""That are heard at once, at most: what the teachers were trained on."""

FRAMES_IN_A_SECOND = {"fast": round(1 / FAST.hop_seconds), "slow": round(1 / SLOW.hop_seconds)}


class Tagger(nn.Module):
    """A temporal convolutional network that gives scores.

    Parameters
    ----------
    n_labels
        of the teacher.
    cadence
        of the levels, "fast" (125 ms) or "slow" (1 s).
    n_channels
        of the vectors of frames and of seconds.
    n_layers
        residual blocks over frames, and as many over seconds; at the slow cadence a frame is a second, and all are.
    """

    def __init__(self, *, n_labels: int, cadence: Cadence = "fast", n_channels: int = 192, n_layers: int = 3) -> None:
        super().__init__()
        self.cadence = cadence
        self.n_frames = frames_in_a_second(cadence)
        self.embed = nn.Linear(N_BANDS + 2, n_channels)
        self.over_frames = nn.Sequential(*(Block(n_channels) for _ in range(n_layers)))
        self.join = nn.Linear(2 * n_channels, n_channels)
        self.over_seconds = nn.Sequential(*(Block(n_channels) for _ in range(n_layers)))
        self.classify = nn.Sequential(nn.LayerNorm(n_channels), nn.Dropout(0.2), nn.Linear(n_channels, n_labels))

    def forward(self, third_octave: torch.Tensor) -> torch.Tensor:
        """Logits of each second.

        Parameters
        ----------
        third_octave : (batch, n_seconds · n_frames, 29)
            in dB, at the cadence of the network: 8 frames a second, or 1.

        Returns
        -------
        (batch, n_seconds, n_labels)
        """
        frames = self.over_frames(self.embed(relative_levels(third_octave)))
        of_second = frames.unflatten(1, (-1, self.n_frames))
        seconds = self.join(torch.cat([of_second.mean(dim=2), of_second.amax(dim=2)], dim=2))
        return self.classify(self.over_seconds(seconds))

    def at_its_cadence(self, third_octave: torch.Tensor) -> torch.Tensor:
        """Levels as the network takes them, from levels 125 ms apart: (batch, 8 · n_seconds, 29)."""
        return as_slow(third_octave) if self.cadence == "slow" else third_octave


def frames_in_a_second(cadence: Cadence) -> int:
    """Of levels."""
    return FRAMES_IN_A_SECOND[cadence]


def as_slow(third_octave: torch.Tensor) -> torch.Tensor:
    """Levels a second apart from levels 125 ms apart, by energy: (..., 8 · n_seconds, 29) → (..., n_seconds, 29)."""
    of_second = third_octave.unflatten(-2, (-1, FRAMES_IN_A_SECOND["fast"]))
    mean = torch.logsumexp(of_second / DB_PER_NEPER, dim=-2) * DB_PER_NEPER
    return mean - DB_PER_NEPER * torch.tensor(float(of_second.shape[-2])).log()
