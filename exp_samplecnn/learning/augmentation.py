"""Words said faster, later or louder than they were: what few speakers do not teach. Not the original's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from exp_samplecnn.data.sources import SEGMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Augmentation", "moved"]


@dataclass(frozen=True)
class Augmentation:
    """Changes each segment of a batch by draws of PyTorch's global random numbers."""

    speed: float = 0.1
    """Largest share by which a segment, and with it its pitch, is faster or slower."""
    shift: float = 0.2
    """Of the segment's length, by which it comes later at most, and a tenth of that sooner."""
    gain_db: float = 8.0

    def __call__(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The batch with other sound, of which what lies outside of the segment is silence."""
        sound = batch[SEGMENT]
        n_items, n_samples = sound.shape
        speeds = 1 + self.speed * (2 * torch.rand(n_items, 1) - 1)
        delays = n_samples * self.shift * (1.1 * torch.rand(n_items, 1) - 0.1)
        gains = 10 ** (self.gain_db * (2 * torch.rand(n_items, 1) - 1) / 20)
        return {**batch, SEGMENT: gains * moved(sound, speeds, delays)}


def moved(sound: torch.Tensor, speeds: torch.Tensor, delays: torch.Tensor) -> torch.Tensor:
    """Sounds at other speeds and later, by linear interpolation between samples.

    Parameters
    ----------
    sound : (n, n_samples)
    speeds, delays : (n, 1)
        2 is an octave up; delays in samples.
    """
    n_samples = sound.shape[1]
    positions = (torch.arange(n_samples) - delays) * speeds
    left = positions.floor()
    share = positions - left
    padded = torch.nn.functional.pad(sound, (1, 1))
    before = (left.long() + 1).clamp(0, n_samples + 1)
    after = (left.long() + 2).clamp(0, n_samples + 1)
    return (1 - share) * padded.gather(1, before) + share * padded.gather(1, after)
