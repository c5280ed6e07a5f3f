"""Teachers and what they hear through: the models whose scores are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import sha256
from audiokit.paths import REFERENCE_MODELS, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import nn

    from spectral_transcoder.hearing import LoadedTagger
    from spectral_transcoder.transcoders.store import StoredTranscoder

__all__ = ["PINV", "SELF", "TAGGER", "TRANSCODERS", "ScoredModel", "classifier_of", "find_models", "teacher_of"]

SELF = "self"
"""The teacher on its own Mel spectrogram; the paper's name for it."""

PINV = "pinv"
TAGGER = "tagger"

TRANSCODERS = {
    SELF: "the teacher's own Mel spectrogram",
    PINV: "PINV, which nothing was trained for",
    "cnn": "CNN-logits: ours in reference_models/ where there is one, else the paper's",
    "cnn_mels": "CNN-mels, likewise",
    "tcn": "our transcoder for many kinds of sounds",
    "tcn_clips": "the one for recordings of single sounds",
    "tcn_sensors": "the one for levels of sensors",
    TAGGER: "our tagger, which gives scores itself, and tcn_clips or, where there is none, tcn, as one",
    "paper": "the paper's CNN-logits",
}
"""What a teacher can hear through; a trained transcoder of one's own goes by its name."""

UNTRAINED = (SELF, PINV)
STORED_NAMES = {"cnn": "cnn_logits", "paper": "cnn_logits"}
"""Of transcoders that go by another name here."""


@dataclass(frozen=True)
class ScoredModel:
    """A teacher, and what it hears through; cheap to send to other processes."""

    classifier: str
    transcoder: str
    teacher_weights: Path
    stored: StoredTranscoder | None = None
    """Of a trained transcoder."""

    tagger: StoredTranscoder | None = None
    """That is heard beside it."""

    @property
    def name(self) -> str:
        """Under which the scores are stored."""
        return f"{self.classifier}/{self.transcoder}"

    def fingerprint(self) -> str:
        """Differs between models that give different scores."""
        parts = [sha256(self.teacher_weights)]  # first: `teacher_of` looks for it there
        for stored in filter(None, (self.stored, self.tagger)):
            parts += [sha256(stored.weights), str(stored.settings)]
        return " ".join(parts)

    @property
    def training_recordings(self) -> frozenset[str]:
        """Recordings that any of its networks was trained on, as far as there are lists."""
        return frozenset().union(
            *(stored.training_recordings for stored in (self.stored, self.tagger) if stored is not None)
        )

    def load_transcoder(self) -> nn.Module | None:
        """The transcoder, in eval mode; None for the teacher's own Mel spectrogram."""
        from spectral_transcoder.pinv import Pinv
        from spectral_transcoder.transcoders.store import load_transcoder
        from teachers.registry import front_end_of

        if self.stored:
            return load_transcoder(self.stored)
        return Pinv(front_end_of(self.classifier)).eval() if self.transcoder == PINV else None

    def load_tagger(self, device: str = "cpu") -> LoadedTagger | None:
        """The tagger, where there is one."""
        from spectral_transcoder.hearing import load_tagger

        return load_tagger(self.tagger, device) if self.tagger else None


def classifier_of(name: str) -> str:
    """Teacher of a model, by the name that its scores are stored under."""
    return name.partition("/")[0]


def teacher_of(fingerprint: str) -> str:
    """What a model's fingerprint tells of its teacher's weights."""
    return fingerprint.partition(" ")[0]


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
        of `TRANSCODERS`, or names of trained ones.
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
    from teachers.registry import find_weights, module_of

    if teacher_weights and len(teachers) > 1:
        raise UserError(f"--teacher_weights is of one teacher: name it with --teachers, not {' and '.join(teachers)}")
    trained = {teacher: _trained(teacher, transcoders, folder, paper=paper) for teacher in teachers}
    taggers = {} if paper or TAGGER not in transcoders else _taggers(teachers, folder)
    if unknown := set(transcoders) - TRANSCODERS.keys() - {name for stored in trained.values() for name in stored}:
        known = ", ".join(TRANSCODERS)
        raise UserError(f"unknown transcoder {min(unknown)!r}: choose among {known}, or name one in reference_models/")
    models, notes = [], []
    for teacher, stored in trained.items():
        weights = teacher_weights or find_weights(teacher, folder)
        if weights is None or not weights.is_file():
            command = f"python3 download_pretrained_models.py --only {module_of(teacher).download_name(teacher)}"
            notes.append(f"{teacher} is left out: its weights are missing. Get them with: {command}")
            continue
        for transcoder in dict.fromkeys(transcoders):
            alike = (name for name in stored if name != TAGGER and stored[name] == stored.get(transcoder))
            twin = next(alike, transcoder)
            if transcoder == TAGGER:
                if teacher in taggers and transcoder in stored:
                    models.append(ScoredModel(teacher, transcoder, weights, stored[transcoder], taggers[teacher]))
                else:
                    notes.append(f"{transcoder} is left out for {teacher}: no trained one is here")
            elif transcoder not in stored and transcoder not in UNTRAINED:
                notes.append(f"{transcoder} is left out for {teacher}: no trained one is here")
            elif twin != transcoder:
                notes.append(f"{transcoder} is left out for {teacher}: it is the same as {twin}")
            else:
                models.append(ScoredModel(teacher, transcoder, weights, stored.get(transcoder)))
    return models, notes


def _taggers(teachers: Sequence[str], folder: Path) -> dict[str, StoredTranscoder]:
    """Those that are here, by teacher."""
    from spectral_transcoder.hearing import find_tagger

    found = {teacher: find_tagger(teacher, "fast", _our_folders(folder)) for teacher in teachers}
    return {teacher: tagger for teacher, tagger in found.items() if tagger}


def _our_folders(folder: Path) -> list[Path]:
    return [folder / "reference_models", REFERENCE_MODELS]


def _trained(teacher: str, names: Sequence[str], folder: Path, *, paper: bool) -> dict[str, StoredTranscoder]:
    """Those of the transcoders that are trained, and here."""
    from spectral_transcoder.hearing import beside_tagger_in_clips
    from spectral_transcoder.transcoders.store import find_transcoders

    published = [folder / "paper_transcoders", ROOT / "paper_transcoders"]
    ours = [] if paper else _our_folders(folder)
    found = find_transcoders(teacher, [*ours, *published])
    by_name = {name: found.get(STORED_NAMES.get(name, name)) for name in names if name not in UNTRAINED}
    if TAGGER in by_name:
        by_name[TAGGER] = found.get(beside_tagger_in_clips(found))
    if "paper" in by_name:
        by_name["paper"] = find_transcoders(teacher, published).get(STORED_NAMES["paper"])
    return {name: stored for name, stored in by_name.items() if stored and stored.settings.gives_mel}
