"""Make sure that the baseline and this package compute the same thing, so that a comparison of their speed is fair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from efficientat.mel import EfficientatMel
from features import baseline
from pann.mel import FRONT_END as PANN
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import third_octave
from yamnet.mel import FRONT_END as YAMNET

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK_SAMPLES = 32000

THIRD_OCTAVE_TOLERANCE = 1e-9
"""dB, in float64."""

MEL_TOLERANCE = 1e-3
"""On the log scale of the teacher, in float32."""


def assert_agreement(noise: NDArray[np.float64]) -> None:
    """Compare all that is measured.

    Parameters
    ----------
    noise : (n_samples,)
        at 32 kHz, one second at least.
    """
    _assert_close(third_octave(noise), baseline.third_octave(noise), THIRD_OCTAVE_TOLERANCE)
    waveform = torch.from_numpy(noise).float()
    _assert_close(PANN(waveform), baseline.PannMel()(waveform), MEL_TOLERANCE)
    _assert_close(YAMNET(waveform), baseline.YamnetMel()(waveform), MEL_TOLERANCE)
    _assert_close(EfficientatMel()(waveform), baseline.EfficientatMel()(waveform), MEL_TOLERANCE)
    levels = third_octave(waveform[: len(waveform) // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES))
    _assert_close(Pinv(PANN)(levels), baseline.pann_pinv()(levels), MEL_TOLERANCE)
    _assert_close(Pinv(YAMNET)(levels), baseline.yamnet_pinv()(levels), MEL_TOLERANCE)


def _assert_close(ours: NDArray | torch.Tensor, theirs: NDArray | torch.Tensor, tolerance: float) -> None:
    """Raise where they differ in shape, or by more than a tolerance anywhere."""
    torch.testing.assert_close(torch.as_tensor(ours), torch.as_tensor(theirs), rtol=0, atol=tolerance)
