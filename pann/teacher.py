"""PANN ResNet38 as a teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.learning.checkpoints import as_state_dict, read_tensors
from pann.mel import FRONT_END
from pann.network import ResNet38
from teachers.audioset import audioset_labels
from teachers.registry import Teacher

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from audiokit.sound.mel import MelFrontEnd

__all__ = ["NAMES", "PannTeacher", "create", "download_name", "front_end", "read_weights", "weight_files"]

NAMES = ("PANN",)
UNUSED_KEYS = ("spectrogram_extractor.", "logmel_extractor.")
"""The official checkpoint carries a front end of its own; `pann.mel` takes its place."""


class PannTeacher(Teacher):
    """527 AudioSet labels, mAP .434, 74 M parameters."""

    name = "PANN"

    def __init__(self) -> None:
        super().__init__()
        self.front_end = FRONT_END
        self.labels = audioset_labels()
        self.network = ResNet38()

    def scores(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, 64) → (batch, 527), one pass whatever the length."""
        return self.network(mel).sigmoid()


def front_end(name: str) -> MelFrontEnd:
    """Mel front end."""
    return FRONT_END


def weight_files(name: str) -> tuple[str, ...]:
    """Where the checkpoint may lie, the best first."""
    return ("pann/ResNet38_mAP=0.434.pth",)


def download_name(name: str) -> str:
    """Name for `download_pretrained_models.py --only`."""
    return "PANN"


def create(name: str, weights: Path | None = None) -> PannTeacher:
    """Teacher with random weights."""
    return PannTeacher()


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """State dict of the network from the official checkpoint (`checkpoint["model"]`) or a bare state dict."""
    checkpoint = read_tensors(path)
    state_dict = as_state_dict(checkpoint.get("model", checkpoint), path)
    return {key: tensor for key, tensor in state_dict.items() if not key.startswith(UNUSED_KEYS)}
