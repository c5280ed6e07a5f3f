"""Backbones of other packages: of transformers, and of torchvision where that can be imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from audiokit.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    import torch

__all__ = ["AST", "TORCHVISION", "ConvNeXt", "Wav2Vec", "torchvision_backbone"]

CONVNEXT = {
    "CONVNEXT_TINY": ((3, 3, 9, 3), (96, 192, 384, 768)),
    "CONVNEXT_SMALL": ((3, 3, 27, 3), (96, 192, 384, 768)),
    "CONVNEXT_BASE": ((3, 3, 27, 3), (128, 256, 512, 1024)),
    "CONVNEXT_LARGE": ((3, 3, 27, 3), (192, 384, 768, 1536)),
}
"""Blocks and channels of the four stages (Liu et al., CVPR 2022)."""

TORCHVISION = {
    "EFFICIENT_NET_V2_S": ("efficientnet_v2_s", "classifier", 1280),
    "EFFICIENT_NET_V2_M": ("efficientnet_v2_m", "classifier", 1280),
    "EFFICIENT_NET_V2_L": ("efficientnet_v2_l", "classifier", 1280),
    "RESNEXT50_32X4D": ("resnext50_32x4d", "fc", 2048),
    "RESNEXT101_32X8D": ("resnext101_32x8d", "fc", 2048),
    "RESNEXT101_64X4D": ("resnext101_64x4d", "fc", 2048),
}
"""torchvision's name, the layer that is replaced by the head, and what that is given."""


class ConvNeXt(nn.Module):
    """(batch, 3, height, width) → (batch, n_features)."""

    def __init__(self, name: str, *, pretrained: Path | None = None) -> None:
        super().__init__()
        from transformers import ConvNextConfig, ConvNextModel

        depths, sizes = CONVNEXT[name]
        self.n_features = sizes[-1]
        config = ConvNextConfig(depths=list(depths), hidden_sizes=list(sizes))
        self.model = _load(ConvNextModel, config, pretrained)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 3, height, width) → (batch, n_features)."""
        return self.model(image).pooler_output


class AST(nn.Module):
    """Audio Spectrogram Transformer: (batch, 1024, 128) → (batch, 768), or all its patches for attention."""

    n_features = 768

    def __init__(self, *, moments: bool = False, pretrained: Path | None = None) -> None:
        super().__init__()
        from transformers import ASTConfig, ASTModel

        self.moments = moments
        self.model = _load(ASTModel, ASTConfig(), pretrained)

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        """(batch, 1024, 128) → (batch, 768), or (batch, 1214, 768)."""
        heard = self.model(levels)
        return heard.last_hidden_state if self.moments else heard.pooler_output


class Wav2Vec(nn.Module):
    """wav2vec 2.0: (batch, n_samples) at 16 kHz → (batch, n_features), the mean, or all moments for attention.

    Parameters
    ----------
    convolutions_alone
        without the transformer, as the original's WAV2VEC_CNN.
    """

    def __init__(self, *, convolutions_alone: bool, moments: bool = False, pretrained: Path | None = None) -> None:
        super().__init__()
        from transformers import Wav2Vec2Config, Wav2Vec2Model

        model = _load(Wav2Vec2Model, Wav2Vec2Config(), pretrained)
        self.convolutions_alone = convolutions_alone
        self.moments = moments
        self.model = model.feature_extractor if convolutions_alone else model
        self.n_features = 512 if convolutions_alone else 768

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, n_features), or (batch, n_moments, n_features)."""
        scaled = (wave - wave.mean(dim=1, keepdim=True)) / (wave.var(dim=1, keepdim=True) + 1e-7).sqrt()
        heard = self.model(scaled)
        heard = heard.transpose(1, 2) if self.convolutions_alone else heard.last_hidden_state
        return heard if self.moments else heard.mean(dim=1)


def torchvision_backbone(name: str) -> tuple[nn.Module, int]:
    """A network of torchvision from random weights, and the size of what it gives.

    Raises
    ------
    UserError
        where torchvision cannot be imported.
    """
    function, layer, n_features = TORCHVISION[name]
    try:
        from torchvision import models
    except (ImportError, RuntimeError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{name} is built by torchvision, which cannot be imported here ({reason}): the index's wheel needs the "
            "CUDA build of PyTorch; install a torchvision built as your PyTorch is, or take CONVNEXT_TINY"
        ) from error
    network = getattr(models, function)(weights=None)
    setattr(network, layer, nn.Identity())
    return network, n_features


def _load(model: type, config: object, folder: Path | None) -> nn.Module:
    """A model of transformers, random or from a local folder; never from the network, never from a pickle."""
    if folder is None:
        return model(config)
    try:
        return model.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    except (OSError, ValueError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{folder} holds no weights of a {model.__name__} ({reason[:150]}): give a folder with config.json and "
            "model.safetensors, as Hugging Face's hub has them"
        ) from error
