"""Layers over time that keep the channels of a sample together in memory: a step of training takes half the time.

Sound has the shape (batch, n_channels, 1, n_samples), channels last, since PyTorch knows that order for images alone.
Weights keep the shapes that layers over time have everywhere.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["POOLING", "Convolution", "FirstConvolution", "follow_epochs", "normalisation", "pooled"]

POOLING = 3
"""Samples that become one."""

LEFT_OF_EPOCH = 0.01
"""Weight that what was before an epoch has in the running means and variances after it."""

LARGEST_MOMENTUM = 0.1


class Convolution(nn.Conv1d):
    """A convolution over time with as many samples out as in."""

    def __init__(self, n_in: int, n_out: int, width: int = 3) -> None:
        super().__init__(n_in, n_out, width, padding=width // 2)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        """(batch, n_in, 1, n_samples) → (batch, n_out, 1, n_samples)."""
        return functional.conv2d(sound, self.weight.unsqueeze(2), self.bias, padding=(0, *self.padding))


class FirstConvolution(nn.Conv1d):
    """A convolution of one channel whose windows do not overlap, which is a product of matrices."""

    def __init__(self, n_out: int, stride: int) -> None:
        super().__init__(1, n_out, stride, stride=stride)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, n_out, 1, n_samples // stride)."""
        (width,) = self.kernel_size
        windows = sound.reshape(len(sound), -1, width)
        return functional.linear(windows, self.weight[:, 0], self.bias).mT.unsqueeze(2)


def normalisation(n_channels: int) -> nn.BatchNorm2d:
    """Batch normalisation with the defaults of Keras, which the original has."""
    return nn.BatchNorm2d(n_channels, eps=1e-3, momentum=0.01)


def follow_epochs(network: nn.Module, n_batches: int) -> None:
    """Let running means and variances forget within an epoch what was before, also where it has few batches.

    With the original's momentum a tenth of the very first values, which are no statistics at all, is left after 230
    batches: on a small dataset a network that has learned all is then far off when it is tested.
    """
    momentum = min(LARGEST_MOMENTUM, 1 - LEFT_OF_EPOCH ** (1 / n_batches))
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = max(module.momentum, momentum)


def pooled(sound: torch.Tensor) -> torch.Tensor:
    """The largest of every three samples: (…, n_samples) → (…, n_samples // 3)."""
    return functional.max_pool2d(sound, (1, POOLING))
