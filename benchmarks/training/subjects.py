"""What the training benchmarks train: chunks of a dataset made for them, and the paper's transcoders."""

from __future__ import annotations

import contextlib
import copy
import math
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch
from features.dataset_creation import RECIPE, SECONDS, write_recordings

from audiokit.learning.options import TrainingOptions
from spectral_transcoder.datasets.chunk_dataset import THIRD_OCTAVE, load_split, mel_name
from spectral_transcoder.datasets.chunk_extraction import create_dataset
from spectral_transcoder.datasets.dataset_split import find_audio_dataset
from spectral_transcoder.training.evaluation import evaluate_teacher
from spectral_transcoder.training.losses import HybridObjective, MelObjective, ScoreObjective
from spectral_transcoder.transcoders.store import TranscoderSettings, build_transcoder
from teachers.registry import find_weights, load_teacher, module_of
from training.clock import Training

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import nn

    from audiokit.learning.trainer import Objective
    from teachers.registry import Teacher

__all__ = [
    "CNN",
    "CNN_SMALLEST",
    "RESTRICTED",
    "Subject",
    "describe_weights",
    "load_chunks",
    "make_dataset",
    "teacher_or_random",
]

N_RECORDINGS = 50
"""That are different; the dataset holds each as often as it takes to be large enough."""

CNN = {"kernel_size": 5, "n_layers": 5, "n_channels": 64}
"""Of the paper's main results."""

CNN_SMALLEST = {"kernel_size": 3, "n_layers": 1, "n_channels": 16}
"""The one that trains fastest."""

RESTRICTED = {"cnn": "cnn_pinv", "hybridts": "cnn_pinv", "self": "self", "b0": "effnet_b0", "b7": "effnet_b7"}
"""Trainings of the plan `restricted` for each teacher, and their networks."""

ENDLESS = 10**6


def make_dataset(folder: Path, *, n_chunks: int, teachers: Sequence[str]) -> Path:
    """Make a dataset of at least so many chunks of noise in the split `train`."""
    audio = folder / "audio"
    audio.mkdir()
    n_recordings = math.ceil(n_chunks / SECONDS)
    n_different = min(n_recordings, N_RECORDINGS)
    write_recordings(audio, n_different)
    for number in range(n_different, n_recordings):
        (audio / f"{number}.wav").symlink_to(audio / f"{number % n_different}.wav")
    path = folder / "dataset" / "dataset.h5"
    recipe = replace(RECIPE, teachers=tuple(teachers))
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        create_dataset(recipe, find_audio_dataset(audio, ""), path, workers=1)
    return path


def load_chunks(dataset: Path, teacher: str) -> dict[str, torch.Tensor]:
    """Third octaves and Mels of the chunks, under the objectives' names."""
    loaded = load_split(dataset, "train", [THIRD_OCTAVE, mel_name(teacher)])
    return {THIRD_OCTAVE: loaded[THIRD_OCTAVE], "mel": loaded[mel_name(teacher)]}


def teacher_or_random(name: str, models: Path) -> Teacher:
    """The teacher with the weights below `models`, or with random ones: it takes the same time."""
    if find_weights(name, models):
        return load_teacher(name, folder=models)
    torch.manual_seed(0)
    return module_of(name).create(name).eval().requires_grad_(False)


def describe_weights(names: Sequence[str], models: Path) -> str:
    """Say which teachers have real weights."""
    return ", ".join(f"{name} {'pretrained' if find_weights(name, models) else 'random'}" for name in names)


@dataclass(frozen=True)
class Subject:
    """A training of the paper, in miniature: the chunks are those that it is given."""

    teacher: Teacher
    plan: str
    """One of `RESTRICTED`."""

    chunks: Mapping[str, torch.Tensor]
    """`third_octave` and `mel`."""

    batch_size: int = 64
    sizes: Mapping[str, int] = field(default_factory=lambda: CNN)
    """Of the CNN."""

    def network(self) -> nn.Module:
        """Untrained network, always with the same weights."""
        torch.manual_seed(0)
        settings = TranscoderSettings(
            RESTRICTED[self.plan],
            self.teacher.name,
            cnn_kernel_size=self.sizes["kernel_size"],
            cnn_dilation=1,
            cnn_nb_layers=self.sizes["n_layers"],
            cnn_nb_channels=self.sizes["n_channels"],
        )
        network = build_transcoder(settings)
        if self.plan == "self":
            network.model.load_state_dict(self.teacher.network.state_dict())
        return network

    def objective(self) -> Objective:
        """What the plan trains for."""
        if self.plan == "cnn":
            return MelObjective()
        return HybridObjective(self.teacher) if self.plan == "hybridts" else ScoreObjective()

    def data(self) -> dict[str, torch.Tensor]:
        """The chunks with all that the objective compares with."""
        if self.plan == "cnn":
            return dict(self.chunks)
        scores = torch.from_numpy(evaluate_teacher(self.teacher, self.chunks["mel"]).scores)
        return {THIRD_OCTAVE: self.chunks[THIRD_OCTAVE], "scores": scores}

    def training(self, *, n_valid: int = 1, **options: object) -> Training:
        """The training through the package, with a small validation."""
        data = self.data()
        valid = {name: tensor[:n_valid] for name, tensor in data.items()}
        splits = {"train": data, "valid": valid, "eval": valid}
        described = TrainingOptions(epochs=ENDLESS, **options)
        return Training(self.network(), self.objective(), splits, described, self.batch_size)

    def unfrozen_teacher(self) -> Teacher:
        """A copy of the teacher whose weights get gradients, as the original's do."""
        return copy.deepcopy(self.teacher).requires_grad_(True)
