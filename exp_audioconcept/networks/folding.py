"""Batch normalisations of a trained network taken into the convolutions before them: the same logits in less time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

if TYPE_CHECKING:
    from exp_audioconcept.networks.genre_network import GenreNetwork

__all__ = ["fold_normalisations"]


def fold_normalisations(network: GenreNetwork) -> GenreNetwork:
    """Let each convolution do what the normalisation right after it does, in place.

    That of the input stays: behind it, the first convolution pads with zeros.

    Parameters
    ----------
    network
        in eval mode, of which nothing is trained any more; its convolutions take their weights along, and the
        normalisations that are folded do nothing afterwards.

    Returns
    -------
    the same network, whose logits differ from before by rounding
    """
    for module in list(network.modules()):
        for (name, first), (next_name, second) in pairwise(module.named_children()):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(first, second))
                setattr(module, next_name, nn.Identity())
    return network
