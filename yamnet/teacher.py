"""YAMNet as a teacher."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from teachers.audioset import audioset_labels
from teachers.registry import Teacher
from yamnet.mel import FRONT_END, PATCH_FRAMES, patches
from yamnet.network import YAMNet
from yamnet.weights import read_activation_limit, read_weights

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from audiokit.sound.mel import MelFrontEnd

__all__ = ["NAMES", "YamnetTeacher", "create", "download_name", "front_end", "read_weights", "weight_files"]

NAMES = ("YamNet",)
ABSENT_LABELS = frozenset(
    {
        "Male speech, man speaking",
        "Female speech, woman speaking",
        "Battle cry",
        "Male singing",
        "Female singing",
        "Funny music",
    }
)
"""What AudioSet has and YAMNet has not."""


class YamnetTeacher(Teacher):
    """521 AudioSet labels, 3.7 M parameters."""

    name = "YamNet"

    def __init__(self, *, activation_limit: float = math.inf) -> None:
        super().__init__()
        self.front_end = FRONT_END
        self.labels = tuple(label for label in audioset_labels() if label not in ABSENT_LABELS)
        self.network = YAMNet(activation_limit=activation_limit)

    def scores(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, 64) → (batch, 521), the mean over patches of 96 frames every 100.

        Raises
        ------
        UserError
            below 96 frames, which make no patch.
        """
        cut = _patches_of(mel)
        return self.network(cut.flatten(0, 1)).sigmoid().unflatten(0, cut.shape[:2]).mean(dim=1)

    def embeddings(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, 64) → (batch, 1024), the mean over the patches that `scores` hears.

        Raises
        ------
        UserError
            below 96 frames, which make no patch.
        """
        cut = _patches_of(mel)
        return self.network.embed(cut.flatten(0, 1)).unflatten(0, cut.shape[:2]).mean(dim=1)

    def chunk_scores(self, chunks: torch.Tensor) -> torch.Tensor:
        """(..., n_chunks, 96, 64) → (..., 521), the mean over chunks."""
        return self.scores(chunks.flatten(0, -3)).unflatten(0, chunks.shape[:-2]).mean(dim=-2)


def _patches_of(mel: torch.Tensor) -> torch.Tensor:
    """(batch, n_frames, 64) → (batch, n_patches, 96, 64), one patch at least."""
    cut = patches(mel)
    if cut.shape[1] == 0:
        raise UserError(f"YamNet needs {PATCH_FRAMES} Mel frames (0.95 s) and got {mel.shape[-2]}: give longer sounds")
    return cut


def front_end(name: str) -> MelFrontEnd:
    """Mel front end."""
    return FRONT_END


def weight_files(name: str) -> tuple[str, ...]:
    """Where the checkpoint may lie, the best first: the two float files, then the quantised one."""
    return ("yamnet/yamnet.pth", "yamnet/yamnet.h5", "yamnet/yamnet.tflite")


def download_name(name: str) -> str:
    """Name for `download_pretrained_models.py --only`."""
    return "yamnet"


def create(name: str, weights: Path | None = None) -> YamnetTeacher:
    """Teacher with random weights, its activations limited as those of the file."""
    return YamnetTeacher(activation_limit=read_activation_limit(weights) if weights else math.inf)
