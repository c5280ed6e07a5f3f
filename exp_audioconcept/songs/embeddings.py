"""What a pretrained teacher makes of songs, piece by piece: vectors on which a small head learns genres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.paths import ROOT
from audiokit.sound.pieces import pieces
from audiokit.storage.row_arrays import RowArray
from exp_audioconcept.songs.sound import heard
from teachers.registry import front_end_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from teachers.registry import Teacher

__all__ = ["EMBEDDING", "LEVELS", "PIECE_SECONDS", "SongEmbeddings", "embed", "embedding_size", "mel_of", "teacher_of"]

EMBEDDING, LEVELS = "embedding", "levels"
PIECE_SECONDS = 5
PIECES_AT_ONCE = 4


@cache
def teacher_of(name: str, folder: Path = ROOT) -> Teacher:
    """A teacher by its name in any case, loaded once."""
    from teachers.registry import load_teacher, teacher_names

    by_name = {known.lower(): known for known in teacher_names()}
    if name.lower() not in by_name:
        raise UserError(f"unknown teacher {name!r}: choose one of {', '.join(by_name.values())}")
    return load_teacher(by_name[name.lower()], folder=folder)


def embed(teacher: Teacher, sounds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors of sounds, (n, n_samples) at the teacher's rate → (n, embedding_size)."""
    return _embedded(teacher, mel_of(teacher, sounds))


def mel_of(teacher: Teacher, sounds: NDArray[np.float32]) -> torch.Tensor:
    """What the teacher sees of sounds, (n, n_samples) → (n, n_frames, n_mels)."""
    import torch

    return teacher.mel(torch.from_numpy(np.ascontiguousarray(sounds, np.float32)))


def _embedded(teacher: Teacher, mel: torch.Tensor) -> NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        return teacher.embeddings(mel).numpy()


@dataclass(frozen=True)
class SongEmbeddings:
    """A vector for each five seconds of a song (`audiokit.labels.clip_store_creation.ClipFeatures`)."""

    teacher: str
    size: int
    folder: Path = ROOT
    """Where the teacher's weights are."""

    @property
    def arrays(self) -> dict[str, RowArray]:
        """A vector a row, and the mean level of each of the teacher's Mel bands."""
        front_end = front_end_of(self.teacher)
        return {
            EMBEDDING: RowArray((self.size,), f"of {self.teacher}"),
            LEVELS: RowArray((front_end.n_mels,), front_end.unit),
        }

    def n_rows(self, n_samples: int, sample_rate: int) -> int:
        """Pieces of a song; none below a second. The last one ends with the song."""
        if n_samples < sample_rate:
            return 0
        return max(1, -(-n_samples // (PIECE_SECONDS * sample_rate)))

    def __call__(self, path: Path) -> Mapping[str, NDArray]:
        """Vectors of a song."""
        teacher = teacher_of(self.teacher, self.folder)
        recording = heard(path, sample_rate=teacher.sample_rate)
        length = PIECE_SECONDS * teacher.sample_rate
        vectors, levels = [], []
        for _, sounds in pieces(recording, length=length, hop=length, at_once=PIECES_AT_ONCE, normalise=False):
            mel = mel_of(teacher, sounds)
            vectors.append(_embedded(teacher, mel))
            levels.append(mel.mean(dim=1).numpy())
        return {EMBEDDING: np.concatenate(vectors), LEVELS: np.concatenate(levels)}

    def description(self) -> dict[str, object]:
        """What tells these vectors from others."""
        return {"teacher": self.teacher, "piece_seconds": PIECE_SECONDS}


def embedding_size(teacher: Teacher) -> int:
    """Numbers in a vector."""
    silence = np.zeros((1, PIECE_SECONDS * teacher.sample_rate), np.float32)
    return embed(teacher, silence).shape[1]
