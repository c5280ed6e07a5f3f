"""The two figures that the paper's repository draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.reports.figures import COLOUR_MAP, new_figure
from audiokit.sound.audio import Recording
from spectral_transcoder.analysis import GROUND_TRUTH
from spectral_transcoder.third_octave import SAMPLE_RATE, ThirdOctaveSpec, band_matrix, third_octave

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from torch import nn

    from audiokit.sound.mel import MelFrontEnd

__all__ = ["band_frequencies", "band_repartition_figure", "first_second_mels", "spectrogram_comparison_figure"]

SHOWN_DB = (-60, 15)
FONT = {"font.family": ["Times New Roman", "Liberation Serif", "DejaVu Serif"], "font.size": 20}

REPARTITION_N_FFT = 8096
"""As in the original figure, where 8192 may have been meant."""

REPARTITION_MELS = {"YAMNet Mels": (125, 7500), "PANN Mels": (50, 14000)}
"""Legend → lowest and highest frequency, Hz. The figure takes Slaney's scale for both; YAMNet itself uses HTK's."""


def first_second_mels(
    path: Path, front_end: MelFrontEnd, transcoders: Mapping[str, nn.Module]
) -> dict[str, torch.Tensor]:
    """Mel spectrograms of the first second of a normalised recording: transcoded ones, then the ground truth.

    Parameters
    ----------
    front_end
        at 32 kHz.

    Returns
    -------
    name → (n_frames, n_mels)
    """
    waveform = torch.from_numpy(Recording(path, sample_rate=SAMPLE_RATE).read(0, SAMPLE_RATE))
    with torch.inference_mode():
        levels = third_octave(waveform[None])
        mels = {name: transcoder(levels)[0] for name, transcoder in transcoders.items()}
        return mels | {GROUND_TRUTH: front_end(waveform)}


def spectrogram_comparison_figure(mels: Mapping[str, NDArray[np.floating]]) -> Figure:
    """Mel spectrograms of one second side by side with one colour bar.

    Parameters
    ----------
    mels
        title → (n_frames, 64) in dB.
    """
    import matplotlib as mpl

    with mpl.rc_context(_available(FONT)):
        figure = new_figure(8 * len(mels), 5)
        panels = figure.subplots(1, len(mels), sharey=True, squeeze=False)[0]
        for axes, (title, mel) in zip(panels, mels.items(), strict=True):
            image = axes.imshow(
                mel.T, origin="lower", aspect="auto", cmap=COLOUR_MAP, extent=(0, 1, 0.5, mel.shape[1] + 0.5),
                vmin=SHOWN_DB[0], vmax=SHOWN_DB[1], interpolation="nearest",
            )  # fmt: skip
            axes.set(title=title, xlabel="Time (s)", yticks=(1, 16, 32, 48, 64))
        panels[0].set_ylabel("Mel bin")
        figure.colorbar(image, ax=list(panels), label="Power (dB)", pad=0.01)
        # Fonts are looked up when text is drawn.
        figure.canvas.draw()
    return figure


def band_frequencies() -> dict[str, NDArray[np.float64]]:
    """Frequency, kHz, at which each Mel filter weighs most, and of the lowest bin of each third-octave band."""
    import librosa

    bin_khz = SAMPLE_RATE / REPARTITION_N_FFT / 1000
    frequencies = {}
    for name, (fmin, fmax) in REPARTITION_MELS.items():
        bank = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=REPARTITION_N_FFT, n_mels=64, fmin=fmin, fmax=fmax, norm=None)
        frequencies[name] = bank.argmax(axis=1) * bin_khz
    bands = band_matrix(ThirdOctaveSpec(frame_length=REPARTITION_N_FFT, hop_length=REPARTITION_N_FFT))
    frequencies["Third-Octaves (Cense Lorient)"] = bands.argmax(axis=1) * bin_khz
    return frequencies


def band_repartition_figure() -> Figure:
    """Where the bands of both teachers and of the sensors lie."""
    figure = new_figure(8, 6)
    axes = figure.subplots()
    for name, frequencies in band_frequencies().items():
        axes.plot(np.arange(1, len(frequencies) + 1), frequencies, "+", label=name)
    axes.set(xlim=(0, 64), ylim=(0, 14), xlabel="band", ylabel="frequency (kHz)")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def _available(font: dict) -> dict:
    """The font setting without families that are not installed, which matplotlib would warn of."""
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    return font | {"font.family": [name for name in font["font.family"] if name in installed]}
