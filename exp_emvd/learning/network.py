"""The network that tells techniques or singers apart: EfficientNet-b0 on Mel spectrograms."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

__all__ = ["SingingNetwork"]


class SingingNetwork(nn.Module):
    """EfficientNet-b0 (Tan and Le, 2019) from random weights, its first convolution for one channel, without padding.

    Parameters
    ----------
    n_labels
        techniques or singers.
    sigmoid
        give sigmoids of the outputs, as the original does, in place of logits.

    Notes
    -----
    Kept from the original: no padding in the first convolution, and in the others the one for images of 224 × 224. What
    changes nothing but the time: activations are PyTorch's own, and the padding is the convolutions', where it is the
    same on both sides; channels last, a step of training takes half the time on a CPU.

    The averages that batch normalisation tests with move by a hundredth a step, from 0 and 1: after few steps they are
    still near those, and what such a network gives in evaluation mode does not depend on what it hears. So they begin
    as plain means of what there was, and forget later; with sigmoids they do not, as the original tests in train mode.
    """

    def __init__(self, *, n_labels: int, sigmoid: bool = False) -> None:
        super().__init__()
        from efficientnet_pytorch import EfficientNet

        self.sigmoid = sigmoid
        self.model = EfficientNet.from_name("efficientnet-b0", num_classes=n_labels)
        n_stem = self.model._conv_stem.out_channels
        self.model._conv_stem = nn.Conv2d(1, n_stem, 3, stride=2, bias=False)
        for module in list(self.model.modules()):
            _quicken(module)
            if isinstance(module, nn.BatchNorm2d) and not sigmoid:
                _start_averages_as_means(module)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, 128, 192), as `exp_emvd.data.mel` makes them → (batch, n_labels) logits, or sigmoids."""
        outputs = self.model(mel.unsqueeze(1))
        return outputs.sigmoid() if self.sigmoid else outputs

    @torch.inference_mode()
    def probabilities(self, mel: torch.Tensor) -> torch.Tensor:
        """Probabilities of the labels, (batch, n_labels), rows sum to 1: softmax of the logits.

        Of a network that was trained through sigmoids, of these, since its loss was computed so.
        """
        return self(mel).softmax(dim=1)


def _quicken(module: nn.Module) -> None:
    """Let PyTorch do what the library does in several steps; names of parameters and results stay the same."""
    if hasattr(module, "_swish"):
        module._swish = nn.SiLU()
    padding = getattr(module, "static_padding", None)
    if isinstance(padding, nn.ZeroPad2d):
        left, right, top, bottom = padding.padding
        if (left, top) == (right, bottom):
            module.padding = (top, left)
            module.static_padding = nn.Identity()


def _start_averages_as_means(norm: nn.BatchNorm2d) -> None:
    """Weigh all steps alike in the averages, until a step weighs as little as it is to weigh for good."""
    lasting, norm.momentum = norm.momentum, 1.0
    norm.register_forward_pre_hook(partial(_set_momentum, lasting=lasting))


def _set_momentum(norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor], *, lasting: float) -> None:
    if norm.training and norm.momentum > lasting:
        norm.momentum = max(lasting, 1 / (int(norm.num_batches_tracked) + 1))
