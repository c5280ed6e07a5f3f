"""The augmentations of the original by their names, and which of them are done how often."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import nn

from audiokit.errors import UserError
from audiokit.learning.checkpoints import tensor_digest
from exp_lumen.data.mixing import Mixing
from exp_lumen.training import waveform_augmentation as waveforms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["AUGMENTATIONS", "DEFAULTS", "Augmentation", "PictureAugmentation", "create_augmentation"]

WAVEFORM_STEPS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "TIME_INVERSION": waveforms.invert_polarity,
    "PITCH": waveforms.shift_pitch,
    "STRETCH": waveforms.stretch_time,
    "TIMESHIFT": waveforms.shift_time,
    "NORM_AFTER_TIME_AUGS": waveforms.normalise_loudness,
    "COLOR_NOISE": waveforms.add_coloured_noise,
    "TIME_MASK": waveforms.mask_time,
}
"""In the order in which they are done; background noise comes first."""

BACKGROUND_NOISE = "BACKGROUND_NOISE"
PICTURE_STEPS = ("RANDOM_PIXELS", "FREQ_MASK", "RANDOM_ERASE")
MIXING_STEPS = ("SUM_N", "CONCAT_N")
AUGMENTATIONS = (BACKGROUND_NOISE, *WAVEFORM_STEPS, *PICTURE_STEPS, *MIXING_STEPS)
DEFAULTS = ("TIMESHIFT", "COLOR_NOISE", "TIME_MASK", "RANDOM_PIXELS", "FREQ_MASK", "SUM_N")
"""What costs little; the original's default set has pitch, tempo and background noise besides."""

MOST_PIXELS = 0.3
HIGHEST_MASK = 30
ERASED_AREA = (0.02, 0.2)
ERASED_RATIO = (1.0, 2.0)


@dataclass(frozen=True)
class PictureAugmentation:
    """Steps on pictures, (batch, channels, rows, n_frames), that are standardised: what is masked becomes the mean."""

    steps: Sequence[str]
    probability: float

    def description(self) -> dict[str, object]:
        """What tells it from others, as JSON has it."""
        return {"steps": list(self.steps), "probability": self.probability}

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """(batch, channels, rows, n_frames), the same."""
        masked = torch.zeros(len(picture), *picture.shape[2:], dtype=torch.bool)
        for step in self.steps:
            chosen = torch.rand(len(picture), 1, 1) < self.probability
            masked |= chosen & _MASKS[step](len(picture), *picture.shape[2:])
        return picture.masked_fill(masked[:, None].to(picture.device), 0.0)


@dataclass(frozen=True)
class Augmentation:
    """What happens to a batch in training before the network has it."""

    mixing: Mixing
    steps: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = field(default_factory=dict)
    probability: float = 0.5

    def description(self) -> dict[str, object]:
        """What tells it from others, as JSON has it; noises by what they sound like."""
        noises = [step.noises for step in self.steps.values() if isinstance(step, waveforms.BackgroundNoise)]
        own = {"steps": list(self.steps), "noises": tensor_digest(noises), "probability": self.probability}
        return own | {"mixing": asdict(self.mixing)}

    def __call__(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """A batch of `sound`, `targets` and `known`, the same."""
        mixed = self.mixing(batch)
        for step in self.steps.values():
            mixed["sound"] = waveforms.with_probability(step, mixed["sound"], self.probability)
        return mixed


def create_augmentation(
    names: Sequence[str], *, probability: float, n_sum: int, n_concat: int, noises: torch.Tensor | None
) -> tuple[Augmentation | None, PictureAugmentation | None]:
    """What happens to batches, and what to pictures; None where nothing does.

    Parameters
    ----------
    names
        among `AUGMENTATIONS`.
    probability
        of each step, for each piece.
    n_sum, n_concat
        pieces that SUM_N and CONCAT_N make one of.
    noises : (n, n_samples)
        for BACKGROUND_NOISE.

    Raises
    ------
    UserError
        for an unknown name, or background noise without any.
    """
    if unknown := [name for name in names if name not in AUGMENTATIONS]:
        raise UserError(f"there is no augmentation {unknown[0]!r}: choose among {', '.join(AUGMENTATIONS)}")
    if BACKGROUND_NOISE in names and noises is None:
        raise UserError(f"{BACKGROUND_NOISE} needs recordings of noise: name their folder with --noises")
    mixing = Mixing(n_sum if "SUM_N" in names else 1, n_concat if "CONCAT_N" in names else 1, probability)
    steps = {BACKGROUND_NOISE: waveforms.BackgroundNoise(noises)} if BACKGROUND_NOISE in names else {}
    steps |= {name: step for name, step in WAVEFORM_STEPS.items() if name in names}
    pictures = [name for name in PICTURE_STEPS if name in names]
    return (
        Augmentation(mixing, steps, probability) if steps or mixing.n_parts > 1 else None,
        PictureAugmentation(pictures, probability) if pictures else None,
    )


def set_picture_augmentation(network: nn.Module, augmentation: PictureAugmentation | None) -> None:
    """Let the front end of a network change its pictures in training, where it makes any."""
    if hasattr(network.front, "augment"):
        network.front.augment = augmentation


def _pixels(n: int, rows: int, frames: int) -> torch.Tensor:
    return torch.rand(n, rows, frames) < MOST_PIXELS * torch.rand(n, 1, 1)


def _bands(n: int, rows: int, frames: int) -> torch.Tensor:
    heights = torch.randint(0, min(HIGHEST_MASK, rows) + 1, (n, 1, 1))
    starts = (torch.rand(n, 1, 1) * (rows - heights + 1)).long()
    places = torch.arange(rows)[:, None]
    return (places >= starts) & (places < starts + heights)


def _rectangles(n: int, rows: int, frames: int) -> torch.Tensor:
    areas = rows * frames * torch.empty(n, 1, 1).uniform_(*ERASED_AREA)
    ratios = torch.empty(n, 1, 1).uniform_(*ERASED_RATIO)
    heights, widths = (areas * ratios).sqrt().clamp(max=rows), (areas / ratios).sqrt().clamp(max=frames)
    top, left = torch.rand(n, 1, 1) * (rows - heights), torch.rand(n, 1, 1) * (frames - widths)
    vertical, horizontal = torch.arange(rows)[:, None], torch.arange(frames)
    inside = (vertical >= top) & (vertical < top + heights)
    return inside & (horizontal >= left) & (horizontal < left + widths)


_MASKS = {"RANDOM_PIXELS": _pixels, "FREQ_MASK": _bands, "RANDOM_ERASE": _rectangles}
