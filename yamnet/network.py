"""YAMNet, a MobileNetV1 on Mel patches, in the key layout of its PyTorch port."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

__all__ = ["BATCH_NORM_EPSILON", "YAMNet"]

N_LABELS = 521
BATCH_NORM_EPSILON = 1e-4
SEPARABLE_LAYERS = (
    (1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), (1, 512),
    (1, 512), (1, 512), (1, 512), (1, 512), (2, 1024), (1, 1024),
)  # fmt: skip
"""Stride and output channels of layers 2 to 14."""


class YAMNet(nn.Module):
    """(batch, 96, 64) log-Mel patches → (batch, 521) before the sigmoid.

    Parameters
    ----------
    activation_limit
        what ReLU lets through at most: 6 in the fully quantised training, no limit in the original.
    """

    def __init__(self, *, activation_limit: float = math.inf) -> None:
        super().__init__()
        n_in = 32
        self.layer1 = FusedLayer(1, n_in, stride=2)
        for number, (stride, n_out) in enumerate(SEPARABLE_LAYERS, start=2):
            setattr(self, f"layer{number}", SeparableLayer(n_in, n_out, stride=stride))
            n_in = n_out
        self.classifier = nn.Linear(n_in, N_LABELS)
        for unit in self.modules():
            if isinstance(unit, ConvUnit):
                unit.activation_limit = activation_limit

    def embed(self, patch: torch.Tensor) -> torch.Tensor:
        """(batch, 96, 64) → (batch, 1024)."""
        image = patch.unsqueeze(1)
        for number in range(1, len(SEPARABLE_LAYERS) + 2):
            image = getattr(self, f"layer{number}")(image)
        return image.mean(dim=(2, 3))

    def classify(self, embedding: torch.Tensor) -> torch.Tensor:
        """(batch, 1024) → (batch, 521)."""
        return self.classifier(embedding)

    def forward(self, patch: torch.Tensor) -> torch.Tensor:
        """(batch, 96, 64) → (batch, 521)."""
        return self.classify(self.embed(patch))


class ConvUnit(nn.Module):
    """Convolution with TensorFlow's "SAME" padding, batch normalisation, ReLU."""

    def __init__(self, n_in: int, n_out: int, *, size: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, size, stride=stride, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(n_out, eps=BATCH_NORM_EPSILON)
        self.activation_limit = math.inf

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, n_in, height, width) → (batch, n_out, ceil(height / stride), ceil(width / stride))."""
        (size, _), (stride, _) = self.conv.kernel_size, self.conv.stride
        top, bottom = _same_padding(image.shape[2], size, stride)
        left, right = _same_padding(image.shape[3], size, stride)
        if (top, left) == (bottom, right):
            # The convolution's own padding makes no copy of the image.
            image = functional.conv2d(
                image, self.conv.weight, self.conv.bias, stride, (top, left), groups=self.conv.groups
            )
        else:
            image = self.conv(functional.pad(image, (left, right, top, bottom)))
        # One kernel each way; the gradient of `clamp` takes three, and was a quarter of a training step.
        return functional.hardtanh(self.bn(image), 0, self.activation_limit, inplace=True)


class FusedLayer(nn.Module):
    """The first layer, a plain convolution."""

    def __init__(self, n_in: int, n_out: int, *, stride: int) -> None:
        super().__init__()
        self.fused = ConvUnit(n_in, n_out, size=3, stride=stride)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """See `ConvUnit.forward`."""
        return self.fused(image)


class SeparableLayer(nn.Module):
    """Depthwise 3 × 3, then pointwise 1 × 1."""

    def __init__(self, n_in: int, n_out: int, *, stride: int) -> None:
        super().__init__()
        self.depthwise_conv = ConvUnit(n_in, n_in, size=3, stride=stride, groups=n_in)
        self.pointwise_conv = ConvUnit(n_in, n_out, size=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """See `ConvUnit.forward`."""
        return self.pointwise_conv(self.depthwise_conv(image))


def _same_padding(length: int, size: int, stride: int) -> tuple[int, int]:
    """Zeros before and after; the odd one goes to the end."""
    total = max(0, (-(-length // stride) - 1) * stride + size - length)
    return total // 2, total - total // 2
