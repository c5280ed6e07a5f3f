"""What training leaves, whatever the kind of model: all that its file holds, and what there is to tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd
    from exp_audioconcept.songs.splits import Split

__all__ = ["KINDS", "MEAN_SPECTRUM", "GenreModel", "Learned", "Material", "SeeingModel", "kind_of"]

KINDS = ("SVM", "CNN", "VGGish", "CNN2", "head")
MEAN_SPECTRUM = "mean_spectrum"
"""Setting of what sees Mel spectrograms: the mean level of each band in the songs that it learned from."""

ALIASES = {"svg": "SVM", "vgg": "VGGish"}
"""The original's instructions name a model SVG, and its targets are called train_vgg."""


class GenreModel(Protocol):
    """A trained model that is asked about sound."""

    kind: str
    genres: Sequence[str]
    """In alphabetical order."""
    sample_rate: int
    """Hz"""
    length: int
    """Samples that it hears at once."""
    settings: Mapping[str, object]
    """All that it was trained with."""

    def decide(self, sounds: NDArray) -> NDArray:
        """Logits or decision values, (n, length) → (n, n_genres)."""


class SeeingModel(GenreModel, Protocol):
    """One that decides by a Mel spectrogram."""

    front_end: MelFrontEnd

    def see(self, sounds: NDArray) -> torch.Tensor:
        """Mel spectrograms, (n, length) → (n, n_bands, n_frames)."""

    def classify(self, mel: torch.Tensor) -> torch.Tensor:
        """Logits of Mel spectrograms, (n, n_bands, n_frames) → (n, n_genres), differentiable."""


@dataclass(frozen=True)
class Learned:
    """Content of a model file, and what there is to tell of the training."""

    kind: str
    settings: Mapping[str, object]
    state: Mapping[str, torch.Tensor]
    told: Mapping[str, object] = field(default_factory=dict)
    """Figures for the run's JSON file."""
    losses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Curves of a network."""


class Material(Protocol):
    """Songs as one kind of model takes them."""

    names: Sequence[str]
    """(n_songs,), `genre/file` or `file`."""
    genres: Sequence[str]
    """(n_songs,)"""
    groups: Sequence[str]
    """(n_songs,), empty texts where nothing is known."""

    def train(self, split: Split, *, seed: int, checkpoint: Path) -> Learned:
        """Learn from the songs to learn from, and choose by those to choose by."""

    def tell(self, model: GenreModel, songs: NDArray) -> NDArray:
        """Numbers of the genres that a model of this kind finds, by its own rule, of songs by their numbers, (n,)."""


def kind_of(name: str) -> str:
    """Name of a model, in any case.

    Raises
    ------
    UserError
        where there is none of that name.
    """
    known = {kind.lower(): kind for kind in KINDS} | ALIASES
    if name.lower() not in known:
        raise UserError(f"there is no model {name!r}: choose one of {', '.join(KINDS)}")
    return known[name.lower()]
