"""Students that give the teacher's scores directly, without a Mel spectrogram to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from spectral_transcoder.pinv import Pinv

if TYPE_CHECKING:
    from teachers.registry import Teacher

__all__ = ["EfficientNetStudent", "SelfStudent"]


class EfficientNetStudent(nn.Module):
    """EfficientNet on raw third-octave levels.

    Parameters
    ----------
    variant
        "b0" or "b7".
    n_labels
        of the teacher.

    Notes
    -----
    Kept from the original: the levels are not normalised, the image is 101 × 64 for every teacher, the first
    convolution is replaced by one with a single input channel and no padding, the padding of the others is the one for
    the network's nominal image size, and the outputs are clamped to [0, 1] in place of a sigmoid.
    """

    IMAGE_SHAPE = (101, 64)

    def __init__(self, *, variant: str, n_labels: int) -> None:
        super().__init__()
        from efficientnet_pytorch import EfficientNet

        self.model = EfficientNet.from_name(f"efficientnet-{variant}", num_classes=n_labels)
        n_stem = self.model._conv_stem.out_channels
        self.model._conv_stem = nn.Conv2d(1, n_stem, 3, stride=2, bias=False)

    def load_imagenet(self, state_dict: dict[str, torch.Tensor]) -> None:
        """Start from ImageNet weights: all but the first convolution and the last layer."""
        kept = {name: tensor for name, tensor in state_dict.items() if not name.startswith(("_fc.", "_conv_stem."))}
        self.model.load_state_dict(kept, strict=False)

    def image(self, third_octave: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, 29) levels in dB → (batch, 1, 101, 64), by nearest neighbours."""
        return functional.interpolate(third_octave.unsqueeze(1), size=self.IMAGE_SHAPE, mode="nearest")

    def forward(self, third_octave: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, 29) levels in dB → (batch, n_labels) scores in [0, 1]."""
        return self.model(self.image(third_octave)).clamp(0, 1)


class SelfStudent(nn.Module):
    """The teacher itself, fine-tuned on PINV's Mel spectrograms.

    The original wraps two copies of PANN, so that its checkpoints hold `full_model.*` besides `model.*`; ours hold
    `model.*` only.
    """

    def __init__(self, teacher: Teacher) -> None:
        super().__init__()
        self.pinv = Pinv(teacher.front_end)
        self.model = teacher.network

    def forward(self, third_octave: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, 29) levels in dB → (batch, n_labels) scores in [0, 1]."""
        return self.model(self.pinv(third_octave)).sigmoid()
