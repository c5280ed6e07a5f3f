"""Third-octave spectrograms by other packages (`requirements-peers.txt`).

What they compute differs: filter banks after IEC 61260 and constant-Q transforms measure other quantities than the
band sums of a windowed spectrum, and some packages give one level a band for the whole sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

import librosa
import numpy as np
import torch

from spectral_transcoder.third_octave import (
    CENTRE_FREQUENCIES,
    FAST,
    N_BANDS,
    NOMINAL_FREQUENCIES,
    SAMPLE_RATE,
    band_matrix,
    tukey_window,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Task = Callable[[], object]

CQT_HOP = 4096
"""Nearest to 4000 that the transform allows, which wants a power of two."""

BANDS_PER_OCTAVE = 3


@dataclass(frozen=True)
class Peer:
    """One way to third-octave levels by another package."""

    distribution: str
    """Name that it is installed under."""
    what: str
    prepare: Callable[[NDArray[np.float32]], Task]
    """Imports the package, designs what can be designed once, and gives the task to time."""

    @property
    def name(self) -> str:
        """What the tables call it."""
        return f"{self.distribution} {installed_version(self.distribution) or ''}".rstrip() + f": {self.what}"

    def task(self, noise: NDArray[np.float32]) -> Task | None:
        """What to time; none where the package is not installed."""
        return self.prepare(noise) if installed_version(self.distribution) else None


def installed_version(distribution: str) -> str | None:
    """Version of a package; none where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def frame_levels(bands: NDArray[np.floating]) -> NDArray[np.floating]:
    """Level of each 125 ms of band-filtered waveforms, (29, n_samples) to (29, n_frames)."""
    frames = bands.reshape(N_BANDS, -1, FAST.hop_length)
    return 10 * np.log10(np.mean(np.square(frames), axis=-1))


def pyoctaveband_filter(noise: NDArray[np.float32]) -> Task:
    """One level a band."""
    from pyoctaveband import OctaveFilterBank

    bank = OctaveFilterBank(SAMPLE_RATE, fraction=BANDS_PER_OCTAVE, limits=[20, 12500])
    return lambda: bank.filter(noise)


def pyoctaveband_spectrogram(noise: NDArray[np.float32]) -> Task:
    """Levels of 125 ms."""
    from pyoctaveband import OctaveFilterBank

    bank = OctaveFilterBank(SAMPLE_RATE, fraction=BANDS_PER_OCTAVE, limits=[20, 12500])
    return lambda: bank.spectrogram(noise, window_time=FAST.hop_seconds, overlap=0)


def acoustic_toolbox_fft(noise: NDArray[np.float32]) -> Task:
    """One level a band, from the spectrum of the whole sound."""
    from acoustic_toolbox.signal import third_octaves

    return lambda: third_octaves(noise, SAMPLE_RATE, frequencies=np.array(NOMINAL_FREQUENCIES))


def acoustic_toolbox_bandpass(noise: NDArray[np.float32]) -> Task:
    """Levels of 125 ms."""
    from acoustic_toolbox.signal import bandpass_third_octaves

    centres = np.array(NOMINAL_FREQUENCIES)
    return lambda: frame_levels(bandpass_third_octaves(noise, SAMPLE_RATE, frequencies=centres)[1])


def mosqito_spectrum(noise: NDArray[np.float32]) -> Task:
    """One level a band."""
    from mosqito.sound_level_meter import noct_spectrum

    return lambda: noct_spectrum(noise, SAMPLE_RATE, fmin=20, fmax=12500)


def pyfar_bands(noise: NDArray[np.float32]) -> Task:
    """Levels of 125 ms."""
    import pyfar

    bank = pyfar.dsp.filter.fractional_octave_bands(
        None, BANDS_PER_OCTAVE, sampling_rate=SAMPLE_RATE, frequency_range=(20, 12500)
    )
    signal = pyfar.Signal(noise, SAMPLE_RATE)
    return lambda: frame_levels(bank.process(signal).time)


def librosa_stft(noise: NDArray[np.float32]) -> Task:
    """Levels of 125 ms."""
    window = tukey_window(FAST.frame_length)
    matrix = band_matrix(FAST).astype(np.float32)

    def levels() -> NDArray[np.float32]:
        spectrum = librosa.stft(noise, n_fft=FAST.frame_length, hop_length=FAST.hop_length, window=window, center=False)
        return 10 * np.log10(matrix @ np.abs(spectrum) ** 2)

    return levels


def librosa_cqt(noise: NDArray[np.float32]) -> Task:
    """Magnitudes at 128 ms."""
    return lambda: np.abs(
        librosa.cqt(
            noise,
            sr=SAMPLE_RATE,
            hop_length=CQT_HOP,
            fmin=CENTRE_FREQUENCIES[0],
            n_bins=N_BANDS,
            bins_per_octave=BANDS_PER_OCTAVE,
        )
    )


def nnaudio_stft(noise: NDArray[np.float32]) -> Task:
    """Levels of 125 ms."""
    from nnAudio.features import STFT

    transform = STFT(
        n_fft=FAST.frame_length,
        hop_length=FAST.hop_length,
        window=("tukey", 0.2),
        center=False,
        sr=SAMPLE_RATE,
        output_format="Magnitude",
        verbose=False,
    )
    matrix = torch.from_numpy(band_matrix(FAST)).float()
    waveform = torch.from_numpy(noise)
    return lambda: 10 * torch.log10(matrix @ transform(waveform)[0].square())


def nnaudio_cqt(noise: NDArray[np.float32]) -> Task:
    """Magnitudes at 128 ms; the highest band cannot be had."""
    from nnAudio.features import CQT2010v2

    transform = CQT2010v2(
        sr=SAMPLE_RATE,
        hop_length=CQT_HOP,
        fmin=CENTRE_FREQUENCIES[0],
        n_bins=N_BANDS - 1,
        bins_per_octave=BANDS_PER_OCTAVE,
        verbose=False,
    )
    waveform = torch.from_numpy(noise)
    return lambda: transform(waveform)


FILTER_BANKS = (
    Peer("PyOctaveBand", "`filter`, no time axis", pyoctaveband_filter),
    Peer("PyOctaveBand", "`spectrogram`, 125 ms", pyoctaveband_spectrogram),
    Peer("acoustic-toolbox", "`bandpass_third_octaves` + 125 ms means", acoustic_toolbox_bandpass),
    Peer("MoSQITo", "`noct_spectrum`, no time axis", mosqito_spectrum),
    Peer("pyfar", "`fractional_octave_bands` + 125 ms means", pyfar_bands),
)
"""IEC 61260 filter banks."""

TRANSFORMS = (
    Peer("acoustic-toolbox", "`third_octaves` (FFT), no time axis", acoustic_toolbox_fft),
    Peer("librosa", "`stft` + band matrix, 125 ms", librosa_stft),
    Peer("librosa", "`cqt`, 128 ms", librosa_cqt),
    Peer("nnAudio", "`STFT` + band matrix, 125 ms", nnaudio_stft),
    Peer("nnAudio", "`CQT2010v2`, 128 ms", nnaudio_cqt),
)
"""Fourier and constant-Q transforms."""
