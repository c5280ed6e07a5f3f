"""The published features of a song from its sound: librosa's, of one STFT that all of them share."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.storage.row_arrays import RowArray
from exp_audioconcept.song_features.medians import running_medians
from exp_audioconcept.song_features.names import FEATURE_NAMES, N_MFCC
from exp_audioconcept.songs.sound import heard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["FEATURES", "SAMPLE_RATE", "SongFeatures", "harmonic_and_percussive", "song_features"]

FEATURES = "features"
SAMPLE_RATE = 22050
N_FFT, HOP = 2048, 512
EDGES = "reflect"
"""How the published table continues a song beyond its ends; librosa has put zeros there since 0.10."""

KERNEL = 31
"""Cells of the medians along time and along frequency."""
SHORTEST_SECONDS = 1.0


def song_features(waveform: NDArray[np.float32]) -> NDArray[np.float64]:
    """The 58 numbers of a song, in the order of `FEATURE_NAMES`.

    Parameters
    ----------
    waveform : (n_samples,)
        mono at 22050 Hz, full scale ±1.

    Raises
    ------
    UserError
        below a second.
    """
    import librosa

    if len(waveform) < SHORTEST_SECONDS * SAMPLE_RATE:
        raise UserError(f"{len(waveform)} samples are too few for features: give a second ({SAMPLE_RATE}) at least")
    waveform = np.ascontiguousarray(waveform, np.float32)
    spectrum = librosa.stft(waveform, n_fft=N_FFT, hop_length=HOP, pad_mode=EDGES)
    magnitude = np.abs(spectrum)
    power = magnitude**2
    levels = librosa.power_to_db(librosa.feature.melspectrogram(S=power, sr=SAMPLE_RATE))
    harmonic, percussive = _parts(waveform, spectrum, magnitude)
    measured = [
        _chroma(power),
        librosa.feature.rms(y=waveform, pad_mode=EDGES),
        *_spectral(magnitude),
        librosa.feature.zero_crossing_rate(waveform),
        harmonic,
        percussive,
    ]
    cepstrum = librosa.feature.mfcc(S=levels, n_mfcc=N_MFCC)
    numbers = [len(waveform), *_statistics(measured), _tempo(levels), *_statistics(cepstrum)]
    return np.array(numbers, np.float64)


def _tempo(levels: NDArray[np.float32]) -> float:
    """Beats a minute that librosa's beat tracker starts from, 0 without any onset; the beats are not asked for."""
    import librosa

    onsets = librosa.onset.onset_strength(S=levels, sr=SAMPLE_RATE, aggregate=np.median)
    if not onsets.any():
        return 0.0
    return float(np.ravel(librosa.feature.tempo(onset_envelope=onsets, sr=SAMPLE_RATE, hop_length=HOP))[0])


def _chroma(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pitch classes of each frame."""
    import librosa

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Trying to estimate tuning from empty frequency set")  # it takes A = 440 Hz
        return librosa.feature.chroma_stft(S=power, sr=SAMPLE_RATE)


def _spectral(magnitude: NDArray[np.float32]) -> tuple[NDArray, NDArray, NDArray]:
    """Centroid, bandwidth around it, and roll-off of each frame, Hz."""
    import librosa

    options = {"S": magnitude, "sr": SAMPLE_RATE}
    centroid = librosa.feature.spectral_centroid(**options)
    bandwidth = librosa.feature.spectral_bandwidth(**options, centroid=centroid)
    return centroid, bandwidth, librosa.feature.spectral_rolloff(**options)


def harmonic_and_percussive(waveform: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Part a sound into what stays along time and what spreads along frequency; they sum up to it.

    D. Fitzgerald, "Harmonic/percussive separation using median filtering", DAFx, 2010; `librosa.effects.hpss`.

    Parameters
    ----------
    waveform : (n_samples,)

    Returns
    -------
    two times (n_samples,)
    """
    import librosa

    waveform = np.ascontiguousarray(waveform, np.float32)
    spectrum = librosa.stft(waveform, n_fft=N_FFT, hop_length=HOP, pad_mode=EDGES)
    return _parts(waveform, spectrum, np.abs(spectrum))


def _parts(
    waveform: NDArray[np.float32], spectrum: NDArray[np.complex64], magnitude: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import librosa

    along_time = running_medians(magnitude, KERNEL)
    along_frequency = running_medians(magnitude.T, KERNEL).T
    mask = librosa.util.softmask(along_time, along_frequency, power=2.0, split_zeros=True)
    harmonic = librosa.istft(spectrum * mask, n_fft=N_FFT, hop_length=HOP, length=len(waveform))
    return harmonic, waveform - harmonic  # both masks sum up to 1


def _statistics(measured: list[NDArray] | NDArray) -> list[float]:
    """Mean and variance of each array, or of each row."""
    return [
        statistic
        for values in measured
        for statistic in (values.mean(dtype=np.float64), np.asarray(values, np.float64).var())
    ]


@dataclass(frozen=True)
class SongFeatures:
    """A row of 58 numbers for a song (`audiokit.labels.clip_store_creation.ClipFeatures`)."""

    @property
    def arrays(self) -> dict[str, RowArray]:
        """One row."""
        return {FEATURES: RowArray((len(FEATURE_NAMES),), "as librosa has it", "float64")}

    def n_rows(self, n_samples: int, sample_rate: int) -> int:
        """One row; none below a second."""
        return int(n_samples >= SHORTEST_SECONDS * sample_rate)

    def __call__(self, path: Path) -> Mapping[str, NDArray]:
        """The row of a song."""
        waveform = heard(path, sample_rate=SAMPLE_RATE).read(normalise=False)
        return {FEATURES: song_features(waveform)[None]}

    def description(self) -> dict[str, object]:
        """What tells these numbers from others."""
        return {"features": list(FEATURE_NAMES), "n_fft": N_FFT, "hop": HOP, "edges": EDGES}
