"""The seconds of recordings that are not silent, as transcoders and teachers take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import torch

from audiokit.errors import UserError
from spectral_transcoder.datasets.recording_seconds import RecordingSeconds
from spectral_transcoder.third_octave import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quality.evaluation_sets import EvaluationRecording
    from spectral_transcoder.datasets.chunk_features import ChunkFeatures

__all__ = ["HeardSeconds", "hear"]

QUIET = 1e-4
"""Peak up to which a second is silent, where that of the recording is 1."""

LONGEST_S = 60
"""What is heard of a recording at most, s."""


@dataclass(frozen=True)
class HeardSeconds:
    """Of several recordings, one after the other."""

    recordings: list[EvaluationRecording]
    """Those of which a whole second is heard."""

    files: NDArray[np.integer]
    """(n_seconds,), number of the recording."""

    arrays: dict[str, torch.Tensor]
    """As a training dataset has them, (n_seconds, n_frames, n_bands); empty where nothing is heard."""


def hear(recordings: Sequence[EvaluationRecording], features: ChunkFeatures) -> HeardSeconds:
    """Read recordings.

    Raises
    ------
    UserError
        for one that cannot be read.
    """
    waveforms = [_seconds(recording.path, features.sample_rates) for recording in recordings]
    counts = [len(seconds[SAMPLE_RATE]) for seconds in waveforms]
    heard = [recording for recording, count in zip(recordings, counts, strict=True) if count]
    files = np.repeat(np.arange(len(heard)), [count for count in counts if count])
    if not heard:
        return HeardSeconds(heard, files, {})
    together = {rate: np.concatenate([seconds[rate] for seconds in waveforms]) for rate in features.sample_rates}
    return HeardSeconds(heard, files, features({rate: torch.from_numpy(array) for rate, array in together.items()}))


def _seconds(path: Path, sample_rates: Sequence[int]) -> dict[int, NDArray[np.float32]]:
    """Sample rate → (n_seconds, sample_rate) waveforms of the seconds that are heard, none perhaps."""
    try:
        own_rate = soundfile.info(path).samplerate
    except (OSError, soundfile.LibsndfileError) as error:
        raise UserError(f"cannot read {path} ({error}): repair or remove it") from error
    seconds = RecordingSeconds(path, own_rate=own_rate, sample_rates=sample_rates)
    none = {rate: np.empty((0, rate), np.float32) for rate in sample_rates}
    _, waveforms = next(seconds.blocks(LONGEST_S, limit=LONGEST_S), (0, none))
    heard = np.abs(waveforms[SAMPLE_RATE]).max(axis=1) > QUIET
    return {rate: samples[heard] for rate, samples in waveforms.items()}
