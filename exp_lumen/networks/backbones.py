"""Backbones by the names of `--model`, each with the front end that it wants."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from audiokit.errors import UserError
from exp_lumen.instruments import CODES
from exp_lumen.networks.conv_lstm import ConvLSTM
from exp_lumen.networks.fbank import KaldiFilterBanks
from exp_lumen.networks.mels import SAMPLE_RATE, MelImage, MfccImage, MultiImage
from exp_lumen.networks.pretrained import AST, CONVNEXT, TORCHVISION, ConvNeXt, Wav2Vec, torchvision_backbone

if TYPE_CHECKING:
    from exp_lumen.networks.specification import Specification

__all__ = ["Parts", "create_parts"]

IMAGES = {"MEL_SPECTROGRAM": MelImage, "MFCC": MfccImage, "MULTI_SPECTROGRAM": MultiImage}


@dataclass(frozen=True)
class Parts:
    """What a network has before its head."""

    front: nn.Module
    """(batch, n_samples) → what the backbone takes."""
    backbone: nn.Module
    n_features: int
    """Of the vector, or of each moment, that the backbone gives."""
    sample_rate: int
    """Hz"""


def create_parts(spec: Specification) -> Parts:
    """Front end and backbone from random weights, or those that the specification names.

    Raises
    ------
    UserError
        where weights or packages are missing.
    """
    pretrained = Path(spec.pretrained) if spec.pretrained else None
    moments = spec.head == "attention"
    if spec.model == "TEACHER":
        return _teacher_parts(spec)
    if spec.model == "AST":
        return Parts(KaldiFilterBanks(), AST(moments=moments, pretrained=pretrained), AST.n_features, SAMPLE_RATE)
    if spec.model.startswith("WAV2VEC"):
        network = Wav2Vec(convolutions_alone=spec.model.endswith("CNN"), moments=moments, pretrained=pretrained)
        return Parts(nn.Identity(), network, network.n_features, SAMPLE_RATE)
    front = IMAGES[spec.audio_transform](height=spec.image_height, paper=spec.paper, rgb=spec.rgb)
    backbone, n_features = _image_backbone(spec, pretrained)
    return Parts(front, backbone, n_features, SAMPLE_RATE)


def _image_backbone(spec: Specification, pretrained: Path | None) -> tuple[nn.Module, int]:
    if spec.model in CONVNEXT:
        network = ConvNeXt(spec.model, pretrained=pretrained)
        return network, network.n_features
    if pretrained:
        raise UserError(f"there are no weights to load for {spec.model}: leave --pretrained away")
    if spec.model in TORCHVISION:
        return torchvision_backbone(spec.model)
    if spec.model == "CONVLSTM":
        return ConvLSTM(n_mels=spec.image_height), ConvLSTM.n_features
    if spec.model == "MOBNET":
        return MobNet(), MobileNet.n_features
    return MobileNet(), MobileNet.n_features


class MobileNet(nn.Module):
    """MobileNetV3-Large for one channel: (batch, 3, height, width) → (batch, 1280)."""

    n_features = 1280

    def __init__(self) -> None:
        super().__init__()
        from efficientat.network import MobileNetV3

        self.network = MobileNetV3(width=1.0)
        self.network.classifier = self.network.classifier[:-1]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 3, height, width) → (batch, 1280)."""
        maps = self.network.features(image[:, :1])
        return self.network.classifier(maps)


class MobNet(nn.Module):
    """A MobileNetV3 for each instrument: (batch, 3, height, width) → (batch, 11, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        self.networks = nn.ModuleDict({code: MobileNet() for code in CODES})

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 3, height, width) → (batch, 11, 1280)."""
        return torch.stack([self.networks[code](image) for code in CODES], dim=1)


class TeacherFront(nn.Module):
    """Mel spectrogram of a teacher: (batch, n_samples) → (batch, n_frames, n_mels)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        from teachers.registry import front_end_of

        self.mel = front_end_of(name)
        self.augment: nn.Module | None = None
        """Of pictures, in training alone: (batch, 1, n_mels, n_frames), the same."""

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, n_frames, n_mels)."""
        mel = self.mel(wave)
        if self.augment and self.training:
            mel = self.augment(mel.transpose(1, 2).unsqueeze(1)).squeeze(1).transpose(1, 2)
        return mel


class TeacherBackbone(nn.Module):
    """What a teacher of the house hears before it classifies: (batch, n_frames, n_mels) → (batch, embedding_size)."""

    def __init__(self, name: str, *, random: bool) -> None:
        super().__init__()
        from teachers.registry import load_teacher, module_of

        self.teacher = module_of(name).create(name) if random else load_teacher(name)
        self.teacher.requires_grad_(True)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, n_mels) → (batch, embedding_size)."""
        return self.teacher.embeddings(mel)


def _teacher_parts(spec: Specification) -> Parts:
    front = TeacherFront(spec.teacher)
    backbone = TeacherBackbone(spec.teacher, random=spec.pretrained == "random")
    was_training = backbone.training
    with torch.no_grad():
        silence = torch.zeros(1, spec.piece_samples)
        n_features = backbone.eval()(front(silence)).shape[1]
    backbone.train(was_training)
    return Parts(front, backbone, n_features, front.mel.sample_rate)
