"""One second of each technique and effect, as the published figure of spectrograms shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.sound.audio import load

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["BIN_HZ", "EXAMPLES", "SECONDS", "example_magnitudes", "magnitudes"]

EXAMPLES = {
    "Clear Voice": "Singer2_ClearVoice_Mid_a.wav",
    "Black Shriek": "Singer1_BlackShriek_Mid_a.wav",
    "Death Growl": "Singer13_DeathGrowl_Mid_a.wav",
    "Hardcore Scream": "Singer15_HardcoreScream_Mid_a.wav",
    "Grind Inhale": "Singer12_GrindInhale_a.wav",
    "Pig Squeal": "Singer12_Effect_PigSqueal.wav",
    "Deep Gutturals": "Singer14_Effect_DeepGutturals.wav",
    "Tunnel Throat": "Singer10_Effect_TunnelThroat.wav",
}
"""Title → recording."""

SAMPLE_RATE = 48000
START, SECONDS = 1.0, 1.0
N_FFT, HOP = 1024, 256
N_BINS = 100
"""Of the 513 of the transform: up to 4.7 kHz."""

BIN_HZ = SAMPLE_RATE / N_FFT


def example_magnitudes(folder: Path) -> dict[str, NDArray[np.float64]]:
    """Title → magnitudes of the second second of its recording, (n_bins, n_frames).

    Raises
    ------
    UserError
        where recordings are missing in the folder.
    """
    missing = [name for name in EXAMPLES.values() if not (folder / name).is_file()]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(EXAMPLES)} recordings are missing in {folder}, {missing[0]} first: get them by "
            "download_datasets.py --list EMVD, or name their folder with --audio"
        )
    return {title: magnitudes(_excerpt(folder / name)) for title, name in EXAMPLES.items()}


def _excerpt(path: Path) -> NDArray[np.float32]:
    first = round(START * SAMPLE_RATE)
    samples = load(path, sample_rate=SAMPLE_RATE)[first : first + round(SECONDS * SAMPLE_RATE)]
    if len(samples) < SECONDS * SAMPLE_RATE:
        raise UserError(f"{path} is shorter than {START + SECONDS:g} s: give the recording of the data set")
    return samples


def magnitudes(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    """Magnitudes of the short-time Fourier transform up to 4.7 kHz, with a Hann window and silence at the edges.

    Parameters
    ----------
    samples : (n_samples,)
        at 48 kHz.

    Returns
    -------
    (100, 1 + n_samples // 256)
    """
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, N_FFT // 2), N_FFT)[::HOP]
    return np.abs(np.fft.rfft(frames * window)).T[:N_BINS]
