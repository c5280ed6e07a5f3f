"""The 28 numbers of a recording that the original's support vector machines take; its spectrum is of one frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from audiokit.sound.audio import load
from audiokit.storage.row_arrays import RowArray
from exp_lumen.baseline.entropies import hjorth, permutation_entropy, spectral_entropy, svd_entropy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["FEATURES", "NAMES", "SAMPLE_RATE", "WholeFileFeatures", "whole_file_features"]

FEATURES = "features"
SAMPLE_RATE = 22050
N_MFCC, N_CONTRASTS = 10, 7
NAMES = (
    *(f"mfcc {number}" for number in range(1, N_MFCC + 1)),
    "zero crossings", "rms", "roll-off", "centroid", "bandwidth",
    *(f"contrast {number}" for number in range(1, N_CONTRASTS + 1)),
    "flatness", "permutation entropy", "spectral entropy", "svd entropy", "mobility", "complexity",
)  # fmt: skip
SHORTEST = 2048
"""Samples; what is shorter is continued with silence."""


def whole_file_features(waveform: NDArray[np.float32]) -> NDArray[np.float64]:
    """Features in the order of `NAMES`, (28,), of a waveform at 22 050 Hz."""
    import librosa

    sound = np.pad(waveform, (0, max(0, SHORTEST - len(waveform))))
    sound = sound[: len(sound) // 2 * 2]
    magnitudes = np.abs(np.fft.rfft(sound * np.hanning(len(sound)).astype(np.float32)))[:, None]
    options = {"S": magnitudes, "sr": SAMPLE_RATE}
    mel = _mel_weights(len(sound)) @ magnitudes**2
    spectral = [
        librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=N_MFCC),
        np.mean(np.signbit(sound[1:]) != np.signbit(sound[:-1])),
        np.sqrt(np.mean(np.square(sound, dtype=np.float64))),
        librosa.feature.spectral_rolloff(**options),
        librosa.feature.spectral_centroid(**options),
        librosa.feature.spectral_bandwidth(**options),
        librosa.feature.spectral_contrast(**options, n_bands=N_CONTRASTS - 1),
        librosa.feature.spectral_flatness(S=magnitudes),
    ]
    irregular = [permutation_entropy(sound), spectral_entropy(sound, SAMPLE_RATE), svd_entropy(sound), *hjorth(sound)]
    return np.concatenate([*(np.ravel(values) for values in spectral), irregular])


@lru_cache(maxsize=2)
def _mel_weights(n_samples: int) -> NDArray[np.float32]:
    """Of a spectrum of the whole file, (128, n_samples // 2 + 1); files of a dataset are often of one length."""
    import librosa

    return librosa.filters.mel(sr=SAMPLE_RATE, n_fft=n_samples)


@dataclass(frozen=True)
class WholeFileFeatures:
    """A row of 28 numbers for a recording (`audiokit.labels.clip_store_creation.ClipFeatures`)."""

    @property
    def arrays(self) -> dict[str, RowArray]:
        """One row."""
        return {FEATURES: RowArray((len(NAMES),), "as librosa has it", "float64")}

    def n_rows(self, n_samples: int, sample_rate: int) -> int:
        """One row; none without a sample."""
        return int(n_samples > 0)

    def __call__(self, path: Path) -> Mapping[str, NDArray]:
        """The row of a recording, divided by its peak."""
        return {FEATURES: whole_file_features(load(path, sample_rate=SAMPLE_RATE))[None]}

    def description(self) -> dict[str, object]:
        """What tells these numbers from others."""
        return {"features": list(NAMES)}
