"""PINV: the analytic transcoder, third-octave levels → log-Mel spectrogram.

Tailleur et al. (DCASE 2023), section 3.1: levels are turned into band energies, spread over the bins of the 4096-point
FFT by the pseudo-inverse of the band matrix, interpolated in time, and summed into Mel bands. All of that but the log
is linear, and interpolation in time commutes with what happens along frequency, so the chain is one 29 × n_mels matrix
and one short interpolation.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from spectral_transcoder.third_octave import FAST, SAMPLE_RATE, SENSOR_CALIBRATION_DB, band_matrix

if TYPE_CHECKING:
    from audiokit.sound.mel import MelFrontEnd

__all__ = ["Pinv", "pinv_matrix"]

HANN_AMPLITUDE = 0.5
"""Mean of a Hann window: what it leaves of a tone's amplitude."""

SMALLEST_SINGULAR_VALUE = 1e-15
"""Relative; the band matrix has full rank, so that nothing is cut off."""


@cache
def pinv_matrix(front_end: MelFrontEnd) -> torch.Tensor:
    """Matrix from band powers 10^((L − calibration)/10) to linear Mel power.

    Returns
    -------
    (29, n_mels) float64 tensor, non-negative

    Notes
    -----
    Kept from the original, because the trained transcoders depend on it: the negative lobes of the pseudo-inverse are
    cut (so the lowest bands are counted up to five times), the Mel scale factor is a ratio of numbers of bins, and Mel
    values are powers also for YAMNet, whose own Mels are magnitudes. The pre-emphasis of EfficientAT, which the
    original does not know, is a gain of the bins.
    """
    n_fft = FAST.frame_length
    # float32 as in the original: its rounding leaves small positive entries that a clean pseudo-inverse has not.
    bands = torch.from_numpy(band_matrix(FAST)).float()
    spread = torch.linalg.pinv(bands, rcond=SMALLEST_SINGULAR_VALUE).relu().double()
    bins = torch.from_numpy(front_end.filterbank(sample_rate=SAMPLE_RATE, n_fft=n_fft)).double()
    response = front_end.response(n_fft)
    if response is not None:
        bins = bins * response.square()[:, None]
    bin_ratio = (1 + front_end.n_fft / 2) / (1 + n_fft / 2)
    window_ratio = (bin_ratio * HANN_AMPLITUDE) ** 2
    band_energy = (n_fft * 2**0.5 / 2) ** 2
    return spread.T @ bins * (window_ratio * band_energy)


class Pinv(nn.Module):
    """Third-octave levels → log-Mel spectrogram, without anything to train.

    Parameters
    ----------
    front_end
        of the teacher that the Mel spectrogram is for.
    n_frames
        Mel frames that a call makes, whatever the number of third-octave frames; one second's worth by default.
    calibration_db
        the offset that the levels were computed with.
    """

    def __init__(
        self,
        front_end: MelFrontEnd,
        *,
        n_frames: int | None = None,
        calibration_db: float = SENSOR_CALIBRATION_DB,
    ) -> None:
        super().__init__()
        self.front_end = front_end
        self.n_frames = front_end.chunk_frames if n_frames is None else n_frames
        self.calibration_db = calibration_db
        self.register_buffer("matrix", pinv_matrix(front_end).float(), persistent=False)

    def forward(self, third_octave: torch.Tensor) -> torch.Tensor:
        """Transcode.

        Parameters
        ----------
        third_octave : (batch, n_third_octave_frames, 29) levels in dB, one frame at least

        Returns
        -------
        (batch, n_frames, n_mels) on the teacher's log scale
        """
        # Also in the middle of mixed precision: a teacher can tell what eight bits of a power leave out.
        with torch.autocast(third_octave.device.type, enabled=False):
            band_power = torch.pow(10, (third_octave - self.calibration_db) / 10)
            mel = band_power @ self.matrix.to(third_octave.dtype)
            weights = _interpolation(third_octave.shape[-2], self.n_frames, mel.dtype, mel.device)
            return self.front_end.compress(weights @ mel)


@cache
def _interpolation(n_in: int, n_out: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Linear interpolation as a matrix, (n_out, n_in): half-pixel centres, clamped edges."""
    identity = torch.eye(n_in, dtype=torch.float64)[None]
    return functional.interpolate(identity, size=n_out, mode="linear")[0].T.contiguous().to(device, dtype)
