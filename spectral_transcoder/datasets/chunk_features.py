"""What a dataset holds of each second: third octaves and the teachers' Mel spectrograms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from audiokit.storage.row_arrays import RowArray
from spectral_transcoder.datasets.chunk_dataset import THIRD_OCTAVE, mel_name
from spectral_transcoder.third_octave import N_BANDS, SAMPLE_RATE, n_frames, third_octave
from teachers.registry import front_end_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ChunkFeatures"]


class ChunkFeatures:
    """From seconds of sound to the arrays of a dataset.

    Parameters
    ----------
    teachers
        whose Mel spectrograms to make.

    Raises
    ------
    UserError
        for an unknown teacher.
    """

    def __init__(self, teachers: Sequence[str]) -> None:
        self.front_ends = {mel_name(teacher): front_end_of(teacher) for teacher in teachers}

    @property
    def sample_rates(self) -> tuple[int, ...]:
        """Sample rates at which the seconds are needed, Hz."""
        rates = [SAMPLE_RATE, *(front_end.sample_rate for front_end in self.front_ends.values())]
        return tuple(dict.fromkeys(rates))

    def arrays(self, *, float16: bool = False) -> dict[str, RowArray]:
        """Arrays by name; the Mel spectrograms with half the digits if so wished.

        float16 has steps of 0.03 dB at 32 to 64 dB, which third octaves are not stored with.
        """
        mels = {
            name: RowArray((front_end.chunk_frames, front_end.n_mels), front_end.unit)
            for name, front_end in self.front_ends.items()
        }
        if float16:
            mels = {name: replace(array, dtype="float16") for name, array in mels.items()}
        return {THIRD_OCTAVE: RowArray((n_frames(SAMPLE_RATE), N_BANDS), "dB"), **mels}

    @torch.inference_mode()
    def __call__(self, seconds: Mapping[int, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Features of seconds.

        Parameters
        ----------
        seconds
            sample rate → (n_chunks, sample_rate) waveforms.

        Returns
        -------
        dict of str to (n_chunks, n_frames, n_bands)
            each second by itself, with the frames that a transcoder makes of it: all 101 of PANN, the first 96 of
            YamNet's 101, which are the patch that its network sees.
        """
        mels = {
            name: front_end(seconds[front_end.sample_rate])[:, : front_end.chunk_frames]
            for name, front_end in self.front_ends.items()
        }
        return {THIRD_OCTAVE: third_octave(seconds[SAMPLE_RATE]), **mels}
