"""EfficientAT's MobileNetV3 networks as teachers, by the names of their checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from audiokit.learning.checkpoints import read_tensors
from efficientat.mel import EfficientatMel
from efficientat.network import MobileNetV3
from teachers.audioset import audioset_labels
from teachers.registry import Teacher

if TYPE_CHECKING:
    from pathlib import Path

    import torch

__all__ = ["NAMES", "EfficientatTeacher", "create", "download_name", "front_end", "read_weights", "weight_files"]


@dataclass(frozen=True)
class Variant:
    """What a checkpoint does not say of itself."""

    file: str
    width: float = 1.0
    hop_length: int = 320
    n_mels: int = 128
    strides: tuple[int, int, int, int] = (2, 2, 2, 2)
    head: str = "mlp"


VARIANTS = {
    "mn01_as": Variant("mn01_as_mAP_298.pt", 0.1),
    "mn02_as": Variant("mn02_as_mAP_378.pt", 0.2),
    "mn04_as": Variant("mn04_as_mAP_432.pt", 0.4),
    "mn05_as": Variant("mn05_as_mAP_443.pt", 0.5),
    "mn10_as": Variant("mn10_as_mAP_471.pt"),
    "mn20_as": Variant("mn20_as_mAP_478.pt", 2.0),
    "mn30_as": Variant("mn30_as_mAP_482.pt", 3.0),
    "mn40_as": Variant("mn40_as_mAP_484.pt", 4.0),
    "mn40_as_ext": Variant("mn40_as_ext_mAP_487.pt", 4.0),
    "mn10_as_hop_5": Variant("mn10_as_hop_5_mAP_475.pt", hop_length=160),
    "mn10_as_hop_15": Variant("mn10_as_hop_15_mAP_463.pt", hop_length=480),
    "mn10_as_hop_20": Variant("mn10_as_hop_20_mAP_456.pt", hop_length=640),
    "mn10_as_hop_25": Variant("mn10_as_hop_25_mAP_447.pt", hop_length=800),
    "mn10_as_mels_40": Variant("mn10_as_mels_40_mAP_453.pt", n_mels=40),
    "mn10_as_mels_64": Variant("mn10_as_mels_64_mAP_461.pt", n_mels=64),
    "mn10_as_mels_256": Variant("mn10_as_mels_256_mAP_474.pt", n_mels=256),
    "mn10_as_fc": Variant("mn10_as_fc_mAP_465.pt", head="fully_convolutional"),
    "mn10_as_fc_s2221": Variant("mn10_as_fc_s2221_mAP_466.pt", head="fully_convolutional", strides=(2, 2, 2, 1)),
    "mn10_as_fc_s2211": Variant("mn10_as_fc_s2211_mAP_466.pt", head="fully_convolutional", strides=(2, 2, 1, 1)),
}
"""By name; the number in the file name is the mean average precision on AudioSet, in thousandths."""

NAMES = tuple(VARIANTS)


class EfficientatTeacher(Teacher):
    """527 AudioSet labels; mn04_as has mAP .432 with 1 M parameters."""

    def __init__(self, name: str) -> None:
        super().__init__()
        variant = VARIANTS[name]
        self.name = name
        self.front_end = front_end(name)
        self.labels = audioset_labels()
        self.network = MobileNetV3(width=variant.width, strides=variant.strides, head=variant.head)

    def scores(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, n_mels) → (batch, 527). Trained on 10 s; on 1 s the scores are lower and noisier."""
        return self.network(mel).sigmoid()


@cache
def front_end(name: str) -> EfficientatMel:
    """Mel front end of a variant."""
    return EfficientatMel(n_mels=VARIANTS[name].n_mels, hop_length=VARIANTS[name].hop_length)


def weight_files(name: str) -> tuple[str, ...]:
    """Where the checkpoint may lie."""
    return (f"efficientat/{VARIANTS[name].file}",)


def download_name(name: str) -> str:
    """Name for `download_pretrained_models.py --only`."""
    return name


def create(name: str, weights: Path | None = None) -> EfficientatTeacher:
    """Teacher with random weights."""
    return EfficientatTeacher(name)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """State dict of the network from an official checkpoint."""
    return read_tensors(path)
