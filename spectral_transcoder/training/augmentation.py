"""New seconds out of those of a dataset, while training: mixed, louder or softer, and heard by other microphones.

All of it is done to third-octave levels and Mel spectrogram alike, without a waveform, and so at next to no cost: the
powers of sounds that have nothing to do with each other add up, and microphones have a gain in each band.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectral_transcoder.soundscapes.scenes import COLOUR_BANDS, CUT_HZ, LOWEST_HZ
from spectral_transcoder.third_octave import CENTRE_FREQUENCIES, LOWER_FREQUENCIES, SAMPLE_RATE, UPPER_FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd

__all__ = ["SMALLEST_POWER", "Augmentation", "microphone_responses", "of_slower_meters"]

SMALLEST_POWER = 1e-20
LARGEST_AMPLIFICATION = 1e3
"""Of the power of a second that is added: what is silent to a Mel front end is not to third octaves."""

N_CUTOFFS = 64
"""Frequencies that recordings may have nothing above."""

LOST = 1e-10
"""What is left of a power there."""


@dataclass(frozen=True)
class Augmentation:
    """Seconds that differ at every call, by PyTorch's global random numbers."""

    front_end: MelFrontEnd
    """Of the Mel spectrograms."""

    mixed_share: float = 0.25
    """Of the seconds have another one added to them. The sum of powers fluctuates less than the power of the sum, so
    that most should not."""

    softest_db: float = -30.0
    """Level of the other one at least, relative to the second's own; its own level at most."""

    gain_db: float = 15.0
    """Most that seconds become louder or softer by."""

    colour_db: float = 4.0
    """Standard deviation of the microphones' responses."""

    cut_share: float = 0.4
    """Of the seconds have nothing above a frequency, like recordings at 22.05 kHz, compressed ones, and telephones. The
    teacher hears that, too, and a transcoder that has never met such takes them for other sounds."""

    slow_share: float = 0.25
    """Of the seconds have levels as slower meters give them, two or all of their frames as one. The Mel spectrogram
    stays what it is."""

    def __call__(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """A batch's `third_octave` (batch, n_frames, 29) and `mel` (batch, n_mel_frames, n_mels), float32."""
        third_octave, mel = batch["third_octave"].float(), batch["mel"].float()
        band_power, mel_power = 10 ** (third_octave / 10), self.front_end.expand(mel) ** self._to_power
        other = torch.randperm(len(mel)).to(mel.device)
        share = self._added_share(len(mel)).to(mel.device)
        power = band_power.sum(dim=(1, 2)).clamp(min=SMALLEST_POWER)
        share = (share * power / power[other]).clamp(max=LARGEST_AMPLIFICATION)
        gain_db = self._gain_db(len(mel)).to(mel.device)
        cutoff = torch.randint(N_CUTOFFS, (len(mel),)).masked_fill(torch.rand(len(mel)) >= self.cut_share, N_CUTOFFS)
        band_power, mel_power = (
            (own + share[:, None, None] * own[other])
            * 10 ** ((gain_db * points.to(mel)).sum(dim=1, keepdim=True) / 10)
            * left[cutoff, None].to(mel)
            for own, points, left in zip(
                (band_power, mel_power), _points(self.front_end), _left_below(self.front_end), strict=True
            )
        )
        band_power = of_slower_meters(band_power, self.slow_share)
        return {
            "third_octave": 10 * band_power.clamp(min=SMALLEST_POWER).log10(),
            "mel": self.front_end.compress(mel_power ** (1 / self._to_power)),
        }

    @property
    def _to_power(self) -> float:
        return 2 / self.front_end.exponent

    def _added_share(self, n_items: int) -> torch.Tensor:
        """Power of the second that is added, relative to that of the one it is added to, (n_items,)."""
        level_db = self.softest_db * torch.rand(n_items)
        return 10 ** (level_db / 10) * (torch.rand(n_items) < self.mixed_share)

    def _gain_db(self, n_items: int) -> torch.Tensor:
        """At the points of the microphones' responses, (n_items, COLOUR_BANDS, 1)."""
        return _gains(n_items, self.gain_db, self.colour_db)[:, :, None]


def of_slower_meters(band_power: torch.Tensor, share: float) -> torch.Tensor:
    """Powers of some items as meters would give them that are slower, by PyTorch's global random numbers.

    Parameters
    ----------
    band_power : (n_items, ..., n_frames, 29)
        of seconds.
    share
        of the items have means over longer frames, in [0, 1]: half of them over two, half over all of a second.
    """
    n_frames = band_power.shape[-2]
    chance = torch.rand(len(band_power), *[1] * (band_power.ndim - 1)).to(band_power.device)
    for n_joined, joined_share in ((2, share), (n_frames, share / 2)):
        if n_frames % n_joined == 0:
            mean = band_power.unflatten(-2, (-1, n_joined)).mean(dim=-2).repeat_interleave(n_joined, dim=-2)
            band_power = torch.where(chance < joined_share, mean, band_power)
    return band_power


def microphone_responses(n_items: int, *, gain_db: float, colour_db: float) -> torch.Tensor:
    """Random responses of microphones in the third octaves, (n_items, 29) in dB, by PyTorch's global random numbers.

    Parameters
    ----------
    gain_db
        most that all bands are raised or lowered by.
    colour_db
        standard deviation at each of `COLOUR_BANDS` points.
    """
    return _gains(n_items, gain_db, colour_db) @ _weights(CENTRE_FREQUENCIES).float()


def _gains(n_items: int, gain_db: float, colour_db: float) -> torch.Tensor:
    gain = gain_db * (2 * torch.rand(n_items, 1) - 1)
    return gain + colour_db * torch.randn(n_items, COLOUR_BANDS)


@cache
def _points(front_end: MelFrontEnd) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights of a response's points in each third octave and each Mel band: (COLOUR_BANDS, 29) and (…, n_mels)."""
    return _weights(CENTRE_FREQUENCIES), _weights(front_end.centre_frequencies())


def _weights(frequencies: NDArray[np.floating]) -> torch.Tensor:
    """Weights of a response's points at frequencies in Hz, linear between them in octaves: (COLOUR_BANDS, n)."""
    octaves = np.linspace(np.log2(LOWEST_HZ), np.log2(SAMPLE_RATE / 2), COLOUR_BANDS)
    wanted = np.log2(np.maximum(frequencies, LOWEST_HZ))
    return torch.from_numpy(np.stack([np.interp(wanted, octaves, point) for point in np.eye(COLOUR_BANDS)]))


@cache
def _left_below(front_end: MelFrontEnd) -> tuple[torch.Tensor, torch.Tensor]:
    """What is left in each band of white noise below cutoffs, and below none: (N_CUTOFFS + 1, 29) and (…, n_mels)."""
    cutoffs = np.append(np.geomspace(*CUT_HZ, N_CUTOFFS), SAMPLE_RATE)[:, None]
    in_third_octaves = (cutoffs - LOWER_FREQUENCIES) / (UPPER_FREQUENCIES - LOWER_FREQUENCIES)
    bins_per_hz = 2
    weights = front_end.filterbank(sample_rate=front_end.sample_rate, n_fft=bins_per_hz * front_end.sample_rate)
    below = np.cumsum(weights, axis=0)
    rows = np.minimum(cutoffs[:, 0] * bins_per_hz, len(below) - 1).astype(int)
    in_mel_bands = (below[rows] / below[-1]) ** (2 / front_end.exponent)
    return tuple(torch.from_numpy(shares.clip(LOST, 1)).float() for shares in (in_third_octaves, in_mel_bands))
