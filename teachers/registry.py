"""Teachers: pretrained sound classifiers behind one small interface, and where their weights lie."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from audiokit.errors import UserError
from audiokit.learning.checkpoints import load_state_dict
from audiokit.paths import ROOT
from audiokit.sound.mel import concatenate

if TYPE_CHECKING:
    from audiokit.sound.mel import MelFrontEnd

__all__ = [
    "Teacher",
    "find_weights",
    "front_end_of",
    "labels_of",
    "load_teacher",
    "module_of",
    "teacher_names",
]

TEACHER_MODULES = ("pann.teacher", "yamnet.teacher", "efficientat.teacher")
"""Each gives `NAMES`, `front_end(name)`, `create(name, weights)` (random, but of the form that the file asks for),
`weight_files(name)`, `read_weights(path)` and `download_name(name)`."""


class Teacher(nn.Module, ABC):
    """A pretrained classifier of sounds.

    Attributes
    ----------
    name : str
        as in identifiers: "PANN", "YamNet", "mn04_as" …
    labels : tuple of str
        what each score is for.
    front_end : MelFrontEnd
    network : nn.Module
        (batch, n_frames, n_mels) → (batch, n_labels) before the sigmoid; its `embed` gives the vector before the
        classifier, and its `classify` what the classifier makes of that.
    """

    name: str
    labels: tuple[str, ...]
    front_end: MelFrontEnd
    network: nn.Module

    @property
    def sample_rate(self) -> int:
        """Sample rate of the waveforms that `mel` takes, Hz."""
        return self.front_end.sample_rate

    def mel(self, waveform: torch.Tensor) -> torch.Tensor:
        """Log-Mel spectrogram, (..., n_samples) → (..., n_frames, n_mels)."""
        return self.front_end(waveform)

    @abstractmethod
    def scores(self, mel: torch.Tensor) -> torch.Tensor:
        """Probability of each label, independent of each other.

        Parameters
        ----------
        mel : (batch, n_frames, n_mels)
            any length from one second up.

        Returns
        -------
        (batch, n_labels) in [0, 1], differentiable with respect to `mel`
        """

    def embeddings(self, mel: torch.Tensor) -> torch.Tensor:
        """Vector before the classifier, on which a small head can learn other labels.

        Parameters
        ----------
        mel : (batch, n_frames, n_mels)
            any length from one second up.

        Returns
        -------
        (batch, embedding_size), differentiable with respect to `mel`
        """
        return self.network.embed(mel)

    def chunk_scores(self, chunks: torch.Tensor) -> torch.Tensor:
        """Scores of recordings from their transcoded chunks, by the published rule: one pass over all chunks joined.

        Parameters
        ----------
        chunks : (..., n_chunks, chunk_frames, n_mels)
            successive seconds, one at least, of one recording or of several that are as long.

        Returns
        -------
        (..., n_labels)
        """
        mel = concatenate(chunks, self.front_end)
        return self.scores(mel.reshape(-1, *mel.shape[-2:])).reshape(*mel.shape[:-2], -1)


def teacher_names() -> tuple[str, ...]:
    """All names that `load_teacher` takes."""
    return tuple(name for module in TEACHER_MODULES for name in importlib.import_module(module).NAMES)


def module_of(name: str):
    """The module that loads a teacher.

    Raises
    ------
    UserError
        for an unknown name.
    """
    for module_name in TEACHER_MODULES:
        module = importlib.import_module(module_name)
        if name in module.NAMES:
            return module
    raise UserError(f"unknown teacher {name!r}: choose one of {', '.join(teacher_names())}")


def front_end_of(name: str) -> MelFrontEnd:
    """Mel front end of a teacher, which needs no weights."""
    return module_of(name).front_end(name)


def labels_of(name: str) -> tuple[str, ...]:
    """Labels of a teacher, which need no weights."""
    with torch.device("meta"):
        return module_of(name).create(name).labels


def find_weights(name: str, folder: str | Path = ROOT) -> Path | None:
    """The teacher's checkpoint below `folder`, or None.

    `folder` is laid out as `download_pretrained_models.py --output` leaves it: `pann/`, `yamnet/`, `efficientat/`.
    """
    candidates = (Path(folder) / file for file in module_of(name).weight_files(name))
    return next((path for path in candidates if path.is_file()), None)


def load_teacher(name: str, *, weights: str | Path | None = None, folder: str | Path = ROOT) -> Teacher:
    """Load a pretrained teacher, in eval mode, its parameters frozen.

    Parameters
    ----------
    name
        one of `teacher_names()`.
    weights
        the checkpoint; looked for below `folder` by default.

    Raises
    ------
    UserError
        where the weights are missing or are not those of this teacher.
    """
    module = module_of(name)
    path = find_weights(name, folder) if weights is None else Path(weights)
    if path is None or not path.is_file():
        raise UserError(
            f"the weights of {name} are missing ({path or Path(folder) / module.weight_files(name)[0]}): get them with "
            f"python3 download_pretrained_models.py --only {module.download_name(name)}"
        )
    # Nothing is made that the checkpoint replaces: random weights take PANN a second.
    with torch.device("meta"):
        teacher = module.create(name, path)
    load_state_dict(teacher.network, module.read_weights(path), path, assign=True)
    return teacher.eval().requires_grad_(False)
