"""Networks that will not be trained any more, made faster."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ["quicken"]

IN_PLACE = (nn.ReLU, nn.Hardswish)
"""Activations that can overwrite what they are given."""

FRESH = (nn.Conv2d, nn.Linear, nn.BatchNorm2d)
"""Layers whose output nobody has but the next."""

Network = TypeVar("Network", bound=nn.Module)


def quicken(network: Network) -> Network:
    """Fold batch normalisations into the convolutions before them, activate in place, lay out weights channels last.

    Parameters
    ----------
    network
        in eval mode; it is changed. Its outputs stay the same to rounding (measured on EfficientAT: 4e-7 of a score).

    Returns
    -------
    nn.Module
        the network.
    """
    for module in list(network.modules()):
        children = list(module.named_children())
        # Elsewhere the order in which children are named says nothing of the one in which they are used.
        if not isinstance(module, nn.Sequential) and len(children) != 2:
            continue
        for (name, layer), (next_name, following) in pairwise(children):
            if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(layer, following))
                setattr(module, next_name, nn.Identity())
            elif isinstance(layer, FRESH) and isinstance(following, IN_PLACE):
                following.inplace = True
    return network.requires_grad_(False).to(memory_format=torch.channels_last)
