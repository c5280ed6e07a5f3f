"""A support vector machine that is asked about sound, and its file."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.errors import UserError
from exp_audioconcept.classifiers.svm.support_vectors import SupportVectors
from exp_audioconcept.song_features.extraction import SAMPLE_RATE, song_features
from exp_audioconcept.song_features.names import FEATURE_NAMES, LENGTH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["SvmModel", "svm_state"]

ARRAYS = ("kept", "mean", "scale", "vectors", "counts", "weights", "biases")
BACKGROUND = "background"


@dataclass(frozen=True)
class SvmModel:
    """Genres by the features of a stretch of sound."""

    machine: SupportVectors
    length: int
    """Samples that features were taken of: the median of the songs that it learned from."""
    background: NDArray[np.float64]
    """Features of some songs that it learned from, (n_songs, n_features): what explanations compare with."""
    settings: Mapping[str, object]

    kind = "SVM"
    sample_rate = SAMPLE_RATE

    @property
    def genres(self) -> tuple[str, ...]:
        """In the order of the scores."""
        return self.machine.genres

    def features_of(self, sound: NDArray[np.float32]) -> NDArray[np.float64]:
        """The features that the machine asks for, of one sound without the silence after it, (n_features,)."""
        loud = np.flatnonzero(sound)
        stop = int(loud[-1]) + 1 if len(loud) else 0
        # A second of what there is, at least.
        found = dict(zip(FEATURE_NAMES, song_features(sound[: max(stop, SAMPLE_RATE)]), strict=True))
        if LENGTH in self.machine.features:
            found[LENGTH] = self.length
        return np.array([found[name] for name in self.machine.features])

    def decide(self, sounds: NDArray[np.float32]) -> NDArray[np.float64]:
        """Decision values, (n, length) → (n, n_genres)."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # medians and transforms are most of the work, and let go
            return self.machine.decide(np.stack(list(pool.map(self.features_of, sounds))))

    @classmethod
    def of(cls, settings: Mapping, state: Mapping[str, torch.Tensor], path: Path) -> SvmModel:
        """Take a model from the content of its file.

        Raises
        ------
        UserError
            where an array is missing.
        """
        missing = [name for name in (*ARRAYS, BACKGROUND) if name not in state]
        if missing:
            raise UserError(f"{path} has no {missing[0]}: train it anew with python3 -m exp_audioconcept.train")
        arrays = {name: state[name].numpy() for name in ARRAYS}
        machine = SupportVectors(
            genres=tuple(settings["genres"]),
            features=tuple(settings["features"]),
            kernel=str(settings["kernel"]),
            gamma=float(settings["gamma"]),
            **arrays,
        )
        return cls(machine, int(settings["length"]), state[BACKGROUND].numpy(), settings)


def svm_state(
    machine: SupportVectors, background: NDArray[np.float64]
) -> tuple[dict[str, object], dict[str, torch.Tensor]]:
    """Settings and arrays of a machine for its file; the length is added by who knows it."""
    settings = {
        "genres": list(machine.genres),
        "features": list(machine.features),
        "kernel": machine.kernel,
        "gamma": machine.gamma,
    }
    arrays = {name: getattr(machine, name) for name in ARRAYS} | {BACKGROUND: background}
    return settings, {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
