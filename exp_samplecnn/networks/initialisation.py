"""First weights of SampleCNN: He's, or the smaller ones that the original draws."""

from __future__ import annotations

import math

from torch import nn

__all__ = ["initialise"]


def initialise(network: nn.Module, *, paper: bool = False) -> None:
    """Draw the weights of a network in place, from torch's generator; biases 0.

    Layers over time with three taps are uniform within ±√(3 · scale / fan_in), scale 2 (He et al., 2015). With
    `paper` as in the original's code, which counts the channels of fan_in = 3 · n_in² twice and gives the first layer,
    whose input has one channel, a scale of 1. The others are Glorot's.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d) and module.kernel_size == (3,):
            limit = convolution_limit(module.in_channels, paper=paper)
            nn.init.uniform_(module.weight, -limit, limit)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv1d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)


def convolution_limit(n_in: int, *, paper: bool) -> float:
    """Largest first weight of a layer with three taps over `n_in` channels."""
    scale = 1 if paper and n_in == 1 else 2
    fan_in = 3 * n_in * (n_in if paper else 1)
    return math.sqrt(3 * scale / fan_in)
