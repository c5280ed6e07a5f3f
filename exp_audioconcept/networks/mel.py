"""Front end of the original's networks: 128 bands on the HTK scale, 0 to 11025 Hz, in dB."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from audiokit.sound.mel import MelFrontEnd, triangles

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

__all__ = ["FRONT_END", "GenreMel"]

SMALLEST_POWER = 1e-10


class GenreMel(MelFrontEnd):
    """10 log10 of Mel power, −100 dB at least; one second gives 44 frames. torchaudio's, without torchaudio."""

    name = "AudioConcept"
    sample_rate = 22050
    n_fft = 1024
    win_length = 1024
    hop_length = 512
    n_mels = 128
    exponent = 2
    chunk_frames = 1 + 22050 // 512
    unit = "dB"

    def filterbank(self, *, sample_rate: int, n_fft: int) -> NDArray[np.float32]:
        """Triangles that are linear in Hz, peak at most 1; in single precision as torchaudio's.

        In double precision a bin that a triangle barely reaches has another weight, and silent cells beside a tone
        differ by 0.01 dB.
        """
        import torch

        top = 2595 * math.log10(1 + self.sample_rate / 2 / 700)
        edges = 700 * (10 ** (torch.linspace(0, top, self.n_mels + 2) / 2595) - 1)
        bins = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1)
        return triangles(bins.numpy(), edges.numpy())

    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Power to dB."""
        return mel.clamp(min=SMALLEST_POWER).log10().mul(10)

    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """DB to power."""
        return 10 ** (log_mel / 10)


FRONT_END = GenreMel()
