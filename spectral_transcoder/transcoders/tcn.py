"""A correction of PINV that works at the sensor's frame rate: a temporal convolutional network.

The paper's CNN spends one or two billion multiplications a second on images of 10-ms frames that were interpolated
from eight third-octave frames. Here the layers see these eight frames as they are, each as a vector, and only the last
one makes Mel frames of them: an upsampling that is learned in place of the linear one.

What third octaves do not tell, a network that minimises an error replaces by its mean. The Mel spectrogram becomes
smooth, and smooth is what no sound is: teachers take it for silence or a sine. So the network also says how far the Mel
spectrogram strays from the mean, and the transcoder strays as far, in the way in which noise does: each second in
another one of some ways, so that what one of them has in it by chance is not heard in all of a recording.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from audiokit.sound.mel import MelFrontEnd

__all__ = ["Block", "TCNPinv", "relative_levels"]

N_FRAMES = 8
"""Third-octave frames of a second."""

TIME_TAPS = 3
EXPANSION = 2
SHAPE_RANGE_DB = 80.0
"""Levels further below the loudest frame than this are all the same."""

SHAPE_MEAN_DB, SHAPE_SCALE_DB = -30.0, 15.0
LEVEL_MEAN_DB, LEVEL_SCALE_DB = 60.0, 20.0
"""About the mean and the spread of levels below the loudest frame's, and of the loudest frame's own."""

DB_PER_NEPER = 10 / math.log(10)
"""Of power: levels over it are natural logarithms."""

SMALL_START = 0.1
"""Factor of the last layers' random weights: training starts near PINV with the texture of noise."""

NOISE_AMPLITUDE = 0.3
"""Root mean square of the noise that textures come from, far above what the front ends add to Mel values."""

N_TEXTURES = 16
TEXTURE_STEP_DB = 0.1
"""Of a second's mean level: the texture is another one a step above or below."""


class TCNPinv(nn.Module):
    """PINV, scaled in each Mel band, plus what a temporal convolutional network makes of the levels, plus texture.

    The network sees levels relative to the loudest frame, and that frame's level by itself, so that what it learns at
    one distance or microphone gain holds at others. The scales tell powers from magnitudes, for PINV gives powers.

    Parameters
    ----------
    front_end
        of the teacher that the Mel spectrogram is for.
    n_channels
        of the frames' vectors.
    n_layers
        residual blocks.
    """

    def __init__(self, front_end: MelFrontEnd, *, n_channels: int = 256, n_layers: int = 4) -> None:
        super().__init__()
        self.pinv = Pinv(front_end)
        self.chunk_frames, self.n_mels = front_end.chunk_frames, front_end.n_mels
        n_subframes = self.chunk_frames // N_FRAMES
        self.embed = nn.Linear(N_BANDS + 2, n_channels)
        self.position = nn.Parameter(torch.zeros(N_FRAMES, n_channels))
        self.blocks = nn.Sequential(*(Block(n_channels) for _ in range(n_layers)))
        self.upsample = nn.Sequential(nn.LayerNorm(n_channels), nn.Linear(n_channels, n_subframes * self.n_mels))
        self.roughen = nn.Sequential(nn.LayerNorm(n_channels), nn.Linear(n_channels, self.n_mels))
        self.scale = nn.Parameter(torch.ones(self.n_mels))
        self.register_buffer("textures", noise_textures(front_end), persistent=False)
        with torch.no_grad():
            for layer in (self.upsample[-1], self.roughen[-1]):
                layer.weight.mul_(SMALL_START)
                layer.bias.zero_()

    def forward(self, third_octave: torch.Tensor) -> torch.Tensor:
        """(batch, n_third_octave_frames, 29) levels in dB → (batch, chunk_frames, n_mels).

        Other numbers of frames than eight are stretched to a second. The same levels always give the same.
        """
        mean, roughness = self.expect(third_octave)
        return mean + roughness * self.textures[_texture_number(third_octave)]

    def expect(self, third_octave: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean of the Mel spectrograms that levels can come from, and how far these stray from it.

        Returns
        -------
        tensor, tensor
            (batch, chunk_frames, n_mels) each, the second in deviations of white noise in the band: 1 for steady noise,
            less for tones, more for what changes within a third-octave frame.
        """
        levels = third_octave
        if levels.shape[1] != N_FRAMES:
            levels = functional.interpolate(levels.mT, size=N_FRAMES, mode="linear").mT
        frames = self.blocks(self.embed(relative_levels(levels)) + self.position)
        details = self._stretched(self.upsample(frames).unflatten(2, (-1, self.n_mels)).flatten(1, 2))
        roughness = functional.softplus(self._stretched(self.roughen(frames)))
        return self.scale * self.pinv(levels) + details, roughness

    def _stretched(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, n_mels) → (batch, chunk_frames, n_mels)."""
        if frames.shape[1] == self.chunk_frames:
            return frames
        return functional.interpolate(frames.mT, size=self.chunk_frames, mode="linear").mT


class Block(nn.Module):
    """Residual block: a convolution over time in each channel, then two layers over the channels of each frame."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.over_time = nn.Conv1d(n_channels, n_channels, TIME_TAPS, padding=TIME_TAPS // 2, groups=n_channels)
        self.over_channels = nn.Sequential(
            nn.LayerNorm(n_channels),
            nn.Linear(n_channels, EXPANSION * n_channels),
            nn.GELU(),
            nn.Linear(EXPANSION * n_channels, n_channels),
        )

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, n_channels), and so the result."""
        return frames + self.over_channels(self.over_time(frames.mT).mT)


@cache
def noise_textures(front_end: MelFrontEnd) -> torch.Tensor:
    """What white noise has in each band above and below its mean, (N_TEXTURES, chunk_frames, n_mels)."""
    # Ordinary tensors wherever they are made first, for they are kept, and networks that learn use them, too.
    with torch.inference_mode(False), torch.no_grad(), torch.device("cpu"):
        generator = torch.Generator().manual_seed(0)
        noise = NOISE_AMPLITUDE * torch.randn(N_TEXTURES, front_end.sample_rate, generator=generator)
        mel = front_end(noise)[:, : front_end.chunk_frames]
        return mel - mel.mean(dim=1, keepdim=True)


def _texture_number(third_octave: torch.Tensor) -> torch.Tensor:
    """As good as random, but the same wherever and whenever these levels are transcoded: (batch,) below N_TEXTURES."""
    mean_level = third_octave.mean(dim=(1, 2))
    return torch.remainder(torch.floor(mean_level / TEXTURE_STEP_DB), N_TEXTURES).long()


def relative_levels(levels: torch.Tensor) -> torch.Tensor:
    """Levels below the loudest frame's, each frame's overall level below it, and its own: (batch, n_frames, 29 + 2)."""
    overall = torch.logsumexp(levels / DB_PER_NEPER, dim=2, keepdim=True) * DB_PER_NEPER
    loudest = overall.amax(dim=1, keepdim=True)
    shape = ((levels - loudest).clamp(min=-SHAPE_RANGE_DB) - SHAPE_MEAN_DB) / SHAPE_SCALE_DB
    decay = (overall - loudest).clamp(min=-SHAPE_RANGE_DB) / SHAPE_SCALE_DB
    level = ((loudest - LEVEL_MEAN_DB) / LEVEL_SCALE_DB).expand_as(overall)
    return torch.cat([shape, decay, level], dim=2)
