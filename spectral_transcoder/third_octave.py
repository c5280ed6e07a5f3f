"""Third-octave levels of a waveform, as noise-monitoring sensors store them.

Two cadences, `FAST` (125 ms) and `SLOW` (1 s), and two ways to share the FFT bins among the bands:

`cense` (the default)
    the bank of the CENSE sensors on which the transcoders were trained: band b sums the bins from
    ceil(lower/df) to ceil(upper/df), both included, so that neighbours share a bin.
`iec`
    the band edges of IEC 61260-1:2014 (base ten). A bin that straddles an edge gives each side the share of its
    width that lies there: no energy is counted twice. For comparison with sound level meters.

What each reads in error (dB; `benchmarks/third_octave_errors.py` prints this table again; "its neighbour" is what the
tone reads in the louder neighbour band, less what it reads in its own). The resolution is one bin, 7.8 Hz, so in the
low bands neither keeps the class 1 limits of IEC 61260-1:

========================= ====== ====== ====== ====== ====== ====== ====== ======
band (Hz)                     20     25   31.5     40     63    125    250   1000
========================= ====== ====== ====== ====== ====== ====== ====== ======
white noise, cense          +2.3   +4.3   +3.3   +2.3   +2.1   +1.3   +0.8   +0.1
white noise, iec            +0.0   +0.0   +0.0   +0.0   +0.0   +0.0   +0.0   +0.0
tone at the centre, cense   -2.8   -0.3   -0.3   -0.2   -0.2   -0.1   +0.0   +0.0
tone at the centre, iec     -5.6   -2.7   -0.8   -0.6   -0.3   -0.2   -0.1   +0.0
its neighbour, cense        +0.3   -0.6   -0.1   -0.2   -0.2  -16.7  -20.1  -50.8
its neighbour, iec          +0.9   -2.5   -9.1  -12.8  -13.7  -15.2  -21.0  -55.0
========================= ====== ====== ====== ====== ====== ====== ====== ======
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import torch
from torch.nn import functional

from audiokit.sound.frames import map_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = TypeVar("Array", NDArray[np.floating], torch.Tensor)

__all__ = [
    "CENTRE_FREQUENCIES",
    "FAST",
    "LOWER_FREQUENCIES",
    "NOMINAL_FREQUENCIES",
    "N_BANDS",
    "SAMPLE_RATE",
    "SENSOR_CALIBRATION_DB",
    "SLOW",
    "UPPER_FREQUENCIES",
    "ThirdOctaveSpec",
    "band_matrix",
    "n_frames",
    "third_octave",
]

SAMPLE_RATE = 32000
"""Hz"""

N_BANDS = 29

NOMINAL_FREQUENCIES = (
    20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800,
    1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000, 10000, 12500,
)  # fmt: skip
"""Names of the bands, Hz (IEC 61260-1:2014, annex E)."""

CENTRE_FREQUENCIES = 1000 * 10 ** ((np.arange(N_BANDS) - 17) / 10)
"""Exact centres, Hz (IEC 61260-1:2014, equation 2, base ten)."""

LOWER_FREQUENCIES = CENTRE_FREQUENCIES * 10 ** (-1 / 20)
"""Lower band edges, Hz (IEC 61260-1:2014, equation 4)."""

UPPER_FREQUENCIES = CENTRE_FREQUENCIES * 10 ** (1 / 20)
"""Upper band edges, Hz (IEC 61260-1:2014, equation 5)."""

SENSOR_CALIBRATION_DB = 26.0
"""Microphone sensitivity offset of the CENSE sensors: a full-scale sine reads 26 − 3.01 = 22.99 dB."""

SILENCE_RMS = 1e-9
"""Stands in for an rms of zero: −180 dB before calibration."""

TUKEY_ALPHA = 0.2

FIRST_OF_GROUPS = (15, 20, 24, 27)
"""Bands that a group of bands begins with, after the first group."""

COPIED_SAMPLES = 2**20
"""Up to so many, waveforms are copied to pad their last frames. Of longer ones only the last frames are: to copy all
would take a fifth of the time."""


@dataclass(frozen=True)
class ThirdOctaveSpec:
    """One cadence of third-octave levels."""

    frame_length: int
    """Samples in a frame; also the FFT size."""

    hop_length: int
    """Samples from one frame to the next."""

    bank: Literal["cense", "iec"] = "cense"

    @property
    def bin_width(self) -> float:
        """Width of an FFT bin, Hz."""
        return SAMPLE_RATE / self.frame_length

    @property
    def hop_seconds(self) -> float:
        """Time from one frame to the next, s."""
        return self.hop_length / SAMPLE_RATE


FAST = ThirdOctaveSpec(frame_length=4096, hop_length=4000)
"""125 ms, eight frames a second."""

SLOW = ThirdOctaveSpec(frame_length=32758, hop_length=32000)
"""1 s. The odd frame length is that of the published slow transcoder."""


def band_matrix(spec: ThirdOctaveSpec = FAST) -> NDArray[np.float64]:
    """Share of each FFT bin's energy that goes to each band.

    Returns
    -------
    (29, frame_length // 2 + 1) array in [0, 1]; only 0 and 1 for the `cense` bank.
    """
    bins = np.arange(spec.frame_length // 2 + 1)
    lower = (LOWER_FREQUENCIES / spec.bin_width)[:, None]
    upper = (UPPER_FREQUENCIES / spec.bin_width)[:, None]
    if spec.bank == "cense":
        return ((bins >= np.ceil(lower)) & (bins <= np.ceil(upper))).astype(np.float64)
    if spec.bank == "iec":
        # Bin k stands for the energy from k − ½ to k + ½.
        return np.clip(np.minimum(bins + 0.5, upper) - np.maximum(bins - 0.5, lower), 0, 1)
    raise ValueError(f"unknown third-octave bank {spec.bank!r}: 'cense' and 'iec' exist")


def tukey_window(length: int) -> NDArray[np.float64]:
    """Tukey window with 10 % of cosine taper at each end, in the sensors' asymmetric form.

    The denominator is the length, not the length − 1, so the two tapers are not mirror images.
    """
    phase = np.arange(length) / length
    taper = TUKEY_ALPHA / 2
    window = np.ones(length)
    rising = np.arange(length) < int(taper * length)
    # The sensors' firmware starts the falling taper on the last sample that is not above 1 − taper.
    falling = np.arange(length) >= length - int(taper * length)
    window[rising] = 0.5 * (1 + np.cos(np.pi / taper * (phase[rising] - taper)))
    window[falling] = 0.5 * (1 + np.cos(np.pi / taper * (phase[falling] - 1 + taper)))
    return window


def n_frames(n_samples: int, spec: ThirdOctaveSpec = FAST) -> int:
    """Frames that `third_octave` gives for a number of samples: 32000 give 8, up to 96 give none."""
    return max(0, (n_samples + _padding(n_samples, spec) - spec.frame_length) // spec.hop_length + 1)


def third_octave(
    waveform: Array,
    *,
    spec: ThirdOctaveSpec = FAST,
    calibration_db: float = SENSOR_CALIBRATION_DB,
) -> Array:
    """Third-octave levels of a waveform.

    Parameters
    ----------
    waveform : (..., n_samples) array or tensor
        at 32 kHz, full scale ±1, float32 or float64 (the levels come in the same type, on the same device). Zeros are
        appended to fill the last frame.
    spec
        cadence and bank; `FAST` or `SLOW`, or `dataclasses.replace(FAST, bank="iec")`.
    calibration_db
        added to the levels re full scale. The transcoders expect the default. For a microphone whose full scale is
        L dB SPL (rms of a sine) give L + 3.01.

    Returns
    -------
    (..., n_frames, 29) levels in dB
        one column a band from 20 Hz to 12.5 kHz. Digital silence gives −180 + calibration_db.

    Raises
    ------
    TypeError
        where the waveform is not floating point.

    Notes
    -----
    L = 20 log10( sqrt(Σ|X|²/2) / (frame_length/2) · 1/rms(window) ) + calibration, summed over the bins of the band;
    Tailleur et al., DCASE 2023, after the CENSE sensors (Ardouin et al., 2018). Exact to their code: 1e-9 dB in
    float64, 5e-5 dB in float32.
    """
    if isinstance(waveform, np.ndarray):
        # Torch takes neither read-only nor reversed arrays, nor another machine's byte order.
        plain = np.require(waveform, waveform.dtype.newbyteorder("="), ["C", "W"])
        with torch.inference_mode():
            return third_octave(torch.from_numpy(plain), spec=spec, calibration_db=calibration_db).numpy()
    if waveform.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"third_octave needs a float32 or float64 waveform, this one is {waveform.dtype}")
    *batch, n_samples = waveform.shape
    count = n_frames(n_samples, spec)
    if count == 0 or waveform.numel() == 0:
        return waveform.new_empty((*batch, count, N_BANDS))
    mean_square = _mean_squares(waveform.reshape(-1, n_samples), spec, count).reshape(*batch, count, N_BANDS)
    # Only the logarithm of zero: what is not a number, or infinite, stays so.
    decades = mean_square.log10_().nan_to_num_(nan=torch.nan, posinf=torch.inf, neginf=2 * math.log10(SILENCE_RMS))
    return decades.mul_(10).add_(calibration_db)


def _mean_squares(waveforms: torch.Tensor, spec: ThirdOctaveSpec, count: int) -> torch.Tensor:
    """Mean squares in the bands, corrected for the window: (n, n_samples) → (n, count, 29)."""
    window, groups = _constants(spec, waveforms.dtype, waveforms.device)

    def transform(frames: torch.Tensor) -> torch.Tensor:
        spectra = torch.fft.rfft(frames * window).flatten(0, -2)
        # Real and imaginary parts side by side, each with the weight of its bin: one product in place of two sums.
        squares = torch.view_as_real(spectra).flatten(-2).square().T
        levels = [weights @ squares[parts] for parts, weights in groups]
        return torch.cat(levels).T.reshape(*frames.shape[:-1], N_BANDS)

    end = (count - 1) * spec.hop_length + spec.frame_length
    framing = {"frame_length": spec.frame_length, "hop_length": spec.hop_length}
    missing = end - waveforms.shape[1]
    if count == 1 or waveforms.numel() <= COPIED_SAMPLES:
        return map_frames(transform, functional.pad(waveforms, (0, missing)), **framing)
    last = end - spec.frame_length
    pieces = (waveforms[:, : end - spec.hop_length], functional.pad(waveforms[:, last:], (0, missing)))
    return torch.cat([map_frames(transform, piece, **framing) for piece in pieces], dim=1)


def _padding(n_samples: int, spec: ThirdOctaveSpec) -> int:
    """Zeros that fill the last hop, by the sensors' rule (Python's modulo, also below one frame)."""
    return -(n_samples - spec.frame_length) % spec.hop_length


@lru_cache(maxsize=16)
def _constants(
    spec: ThirdOctaveSpec, dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, list[tuple[slice, torch.Tensor]]]:
    """Window, and for groups of bands the parts of the spectrum that they need, with weights from squares to levels.

    A band needs few of the parts: in groups of neighbours, a fifth of the products of all parts with all bands is left.
    """
    window = tukey_window(spec.frame_length)
    scale = 0.5 / (spec.frame_length / 2) ** 2 / np.mean(window**2)
    groups = []
    for rows in np.split(band_matrix(spec) * scale, FIRST_OF_GROUPS):
        used = np.flatnonzero(rows.any(axis=0))
        bins = slice(int(used[0]), int(used[-1]) + 1)
        weights = torch.from_numpy(rows[:, bins]).repeat_interleave(2, dim=1)
        groups.append((slice(2 * bins.start, 2 * bins.stop), weights.to(device=device, dtype=dtype)))
    return torch.from_numpy(window).to(device=device, dtype=dtype), groups
