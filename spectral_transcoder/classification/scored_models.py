"""Teachers and what they hear through: the models whose scores are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectral_transcoder.errors import UserError
from spectral_transcoder.files import sha256
from spectral_transcoder.paths import REFERENCE_MODELS, ROOT
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.teachers import find_weights, front_end_of, module_of
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import nn

    from spectral_transcoder.transcoders.store import StoredTranscoder

__all__ = ["SELF", "TRANSCODERS", "ScoredModel", "find_models"]

SELF = "self"
"""The teacher on its own Mel spectrogram; the paper's name for it."""

PINV = "pinv"

TRANSCODERS = {
    SELF: "the teacher's own Mel spectrogram",
    PINV: "PINV, which nothing was trained for",
    "cnn": "CNN-logits: ours in reference_models/ where there is one, else the paper's",
    "cnn_mels": "CNN-mels, likewise",
    "paper": "the paper's CNN-logits",
}
"""What a teacher can hear through."""

STORED_NAMES = {"cnn": "cnn_logits", "cnn_mels": "cnn_mels", "paper": "cnn_logits"}


@dataclass(frozen=True)
class ScoredModel:
    """A teacher, and what it hears through; cheap to send to other processes."""

    classifier: str
    transcoder: str
    teacher_weights: Path
    stored: StoredTranscoder | None = None
    """Of a trained transcoder."""

    @property
    def name(self) -> str:
        """Under which the scores are stored."""
        return f"{self.classifier}/{self.transcoder}"

    def fingerprint(self) -> str:
        """Differs between models that give different scores."""
        parts = [sha256(self.teacher_weights)]
        if self.stored:
            parts += [sha256(self.stored.weights), str(self.stored.settings)]
        return " ".join(parts)

    def load_transcoder(self) -> nn.Module | None:
        """The transcoder, in eval mode; None for the teacher's own Mel spectrogram."""
        if self.stored:
            return load_transcoder(self.stored)
        return Pinv(front_end_of(self.classifier)).eval() if self.transcoder == PINV else None


def find_models(
    teachers: Sequence[str],
    transcoders: Sequence[str],
    *,
    folder: Path = ROOT,
    teacher_weights: Path | None = None,
    paper: bool = False,
) -> tuple[list[ScoredModel], list[str]]:
    """Models that are at hand, and a line for each of the others.

    Parameters
    ----------
    teachers
        as `load_teacher` knows them.
    transcoders
        of `TRANSCODERS`.
    folder
        that `download_pretrained_models.py --output` was given.
    teacher_weights
        checkpoint of the one teacher, in place of the downloaded one.
    paper
        take the paper's transcoders only.

    Raises
    ------
    UserError
        for unknown names, or one checkpoint for several teachers.
    """
    if teacher_weights and len(teachers) > 1:
        raise UserError(f"--teacher_weights is of one teacher: name it with --teachers, not {' and '.join(teachers)}")
    if unknown := [name for name in transcoders if name not in TRANSCODERS]:
        raise UserError(f"unknown transcoder {unknown[0]!r}: choose among {', '.join(TRANSCODERS)}")
    models, notes = [], []
    for teacher in teachers:
        weights = teacher_weights or find_weights(teacher, folder)
        if weights is None or not weights.is_file():
            command = f"python3 download_pretrained_models.py --only {module_of(teacher).download_name(teacher)}"
            notes.append(f"{teacher} is left out: its weights are missing. Get them with: {command}")
            continue
        for transcoder in transcoders:
            stored = _stored(teacher, transcoder, folder, paper=paper)
            if stored or transcoder not in STORED_NAMES:
                models.append(ScoredModel(teacher, transcoder, weights, stored))
            else:
                notes.append(f"{transcoder} is left out for {teacher}: no trained one is here")
    return models, notes


def _stored(teacher: str, transcoder: str, folder: Path, *, paper: bool) -> StoredTranscoder | None:
    """Where the weights of a trained transcoder lie."""
    published = [folder / "paper_transcoders", ROOT / "paper_transcoders"]
    ours = [] if paper or transcoder == "paper" else [folder / "reference_models", REFERENCE_MODELS]
    return find_transcoders(teacher, [*ours, *published]).get(STORED_NAMES.get(transcoder, ""))
