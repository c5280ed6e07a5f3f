"""MobileNetV3 of EfficientAT (Schmid et al., ICASSP 2023), in the key layout of the official checkpoints."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

__all__ = ["MobileNetV3", "scaled_channels"]

N_LABELS = 527
BATCH_NORM = {"eps": 1e-3, "momentum": 0.01}
SQUEEZE_RATIO = 4


@dataclass(frozen=True)
class BlockSpec:
    """An inverted residual block at width 1."""

    kernel_size: int
    n_in: int
    n_expanded: int
    n_out: int
    squeeze: bool
    hardswish: bool
    stride: int = 1


BLOCKS = (
    BlockSpec(3, 16, 16, 16, squeeze=False, hardswish=False),
    BlockSpec(3, 16, 64, 24, squeeze=False, hardswish=False, stride=2),
    BlockSpec(3, 24, 72, 24, squeeze=False, hardswish=False),
    BlockSpec(5, 24, 72, 40, squeeze=True, hardswish=False, stride=2),
    BlockSpec(5, 40, 120, 40, squeeze=True, hardswish=False),
    BlockSpec(5, 40, 120, 40, squeeze=True, hardswish=False),
    BlockSpec(3, 40, 240, 80, squeeze=False, hardswish=True, stride=2),
    BlockSpec(3, 80, 200, 80, squeeze=False, hardswish=True),
    BlockSpec(3, 80, 184, 80, squeeze=False, hardswish=True),
    BlockSpec(3, 80, 184, 80, squeeze=False, hardswish=True),
    BlockSpec(3, 80, 480, 112, squeeze=True, hardswish=True),
    BlockSpec(3, 112, 672, 112, squeeze=True, hardswish=True),
    BlockSpec(5, 112, 672, 160, squeeze=True, hardswish=True, stride=2),
    BlockSpec(5, 160, 960, 160, squeeze=True, hardswish=True),
    BlockSpec(5, 160, 960, 160, squeeze=True, hardswish=True),
)
STEM_CHANNELS = 16
TAIL_CHANNELS = 160
HIDDEN_SIZE = 1280


def scaled_channels(n_channels: float) -> int:
    """Round to a multiple of eight, at least eight and at most a tenth down."""
    rounded = max(8, 8 * (int(n_channels + 4) // 8))
    return rounded + 8 if rounded < 0.9 * n_channels else rounded


class MobileNetV3(nn.Module):
    """(batch, n_frames, n_mels) log-Mel → (batch, 527) before the sigmoid.

    Parameters
    ----------
    width
        factor on all channel counts, 0.4 for mn04.
    strides
        of the four blocks that shrink the image.
    head
        "mlp", or "fully_convolutional" for the `fc` checkpoints.
    """

    def __init__(self, *, width: float, strides: tuple[int, int, int, int] = (2, 2, 2, 2), head: str = "mlp") -> None:
        super().__init__()
        n_tail = scaled_channels(TAIL_CHANNELS * width)
        n_embedding = 6 * n_tail
        layers = [_conv_unit(1, scaled_channels(STEM_CHANNELS * width), 3, stride=2, activation=nn.Hardswish)]
        shrinking = iter(strides)
        layers += [
            InvertedResidual(block, width, stride=next(shrinking) if block.stride > 1 else 1) for block in BLOCKS
        ]
        layers.append(_conv_unit(n_tail, n_embedding, 1, activation=nn.Hardswish))
        self.features = nn.Sequential(*layers)
        self.classifier = HEADS[head](n_embedding, scaled_channels(HIDDEN_SIZE * width))
        self._initialise()

    def embed(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, n_mels) → (batch, 6 · channels), the mean of the last map."""
        return self.features(mel.transpose(1, 2).unsqueeze(1)).mean(dim=(2, 3))

    def classify(self, embedding: torch.Tensor) -> torch.Tensor:
        """(batch, 6 · channels) → (batch, 527)."""
        return self.classifier(embedding[:, :, None, None])

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, n_mels) → (batch, 527)."""
        return self.classify(self.embed(mel))

    def _initialise(self) -> None:
        if self.features[0][0].weight.is_meta:
            # Nothing to fill; PyTorch would import its compiler to do so, which takes seconds.
            return
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, weigh the channels, project; added to the input where shapes allow it."""

    def __init__(self, spec: BlockSpec, width: float, *, stride: int) -> None:
        super().__init__()
        n_in, n_expanded, n_out = (scaled_channels(n * width) for n in (spec.n_in, spec.n_expanded, spec.n_out))
        activation = nn.Hardswish if spec.hardswish else nn.ReLU
        layers: list[nn.Module] = []
        if n_expanded != n_in:
            layers.append(_conv_unit(n_in, n_expanded, 1, activation=activation))
        layers.append(
            _conv_unit(
                n_expanded, n_expanded, spec.kernel_size, stride=stride, groups=n_expanded, activation=activation
            )
        )
        if spec.squeeze:
            layers.append(ConcurrentSqueezeExcitation(n_expanded))
        layers.append(_conv_unit(n_expanded, n_out, 1))
        self.block = nn.Sequential(*layers)
        self.residual = stride == 1 and n_in == n_out

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, n_in, height, width) → (batch, n_out, ceil(height / stride), …)."""
        return image + self.block(image) if self.residual else self.block(image)


class ConcurrentSqueezeExcitation(nn.Module):
    """The container of the official code, with its one member: over channels."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.conc_se_layers = nn.ModuleList([SqueezeExcitation(n_channels)])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, n_channels, height, width), the same."""
        return self.conc_se_layers[0](image)


class SqueezeExcitation(nn.Module):
    """Weigh each channel by what all channels' means say; a plain sigmoid, not the hard one."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        n_squeezed = scaled_channels(n_channels // SQUEEZE_RATIO)
        self.fc1 = nn.Linear(n_channels, n_squeezed)
        self.fc2 = nn.Linear(n_squeezed, n_channels)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, n_channels, height, width), the same."""
        weights = self.fc2(self.fc1(image.mean(dim=(2, 3))).relu()).sigmoid()
        return image * weights[:, :, None, None]


def _conv_unit(
    n_in: int,
    n_out: int,
    kernel_size: int,
    *,
    stride: int = 1,
    groups: int = 1,
    activation: type[nn.Module] | None = None,
) -> nn.Sequential:
    layers = [
        nn.Conv2d(n_in, n_out, kernel_size, stride, (kernel_size - 1) // 2, groups=groups, bias=False),
        nn.BatchNorm2d(n_out, **BATCH_NORM),
    ]
    return nn.Sequential(*layers, *([activation()] if activation else []))


def _mlp_head(n_embedding: int, n_hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(n_embedding, n_hidden),
        nn.Hardswish(),
        nn.Dropout(0.2),
        nn.Linear(n_hidden, N_LABELS),
    )


def _fully_convolutional_head(n_embedding: int, n_hidden: int) -> nn.Sequential:
    # This one batch normalisation has torch's own epsilon.
    return nn.Sequential(
        nn.Conv2d(n_embedding, N_LABELS, 1, bias=False),
        nn.BatchNorm2d(N_LABELS),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


HEADS = {"mlp": _mlp_head, "fully_convolutional": _fully_convolutional_head}
