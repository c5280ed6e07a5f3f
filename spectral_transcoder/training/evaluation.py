"""What teachers and transcoders make of the chunks of a dataset, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from audiokit.learning.batches import batches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from spectral_transcoder.transcoders.tagger import Tagger
    from teachers.registry import Teacher

__all__ = ["Evaluated", "evaluate_student", "evaluate_tagger", "evaluate_teacher", "evaluate_transcoder"]


def _suitable_batch_size(device: torch.device) -> int:
    """On a CPU larger batches spill from the cache, and a GPU waits for the processor between smaller ones."""
    return 16 if device.type == "cpu" else 512


@dataclass(frozen=True)
class Evaluated:
    """Per chunk."""

    scores: NDArray[np.float32]
    """(n_chunks, n_labels) in [0, 1]"""

    mel_mse: NDArray[np.float32] | None = None
    """(n_chunks,) mean squared error of the Mel spectrogram; None where the model makes none."""


def evaluate_teacher(teacher: Teacher, mel: torch.Tensor, *, batch_size: int | None = None) -> Evaluated:
    """Scores of the teacher on its own Mel spectrograms, (n_chunks, n_frames, n_mels) on any device."""
    device = next(teacher.parameters()).device
    parts = mel.split(batch_size or _suitable_batch_size(device))
    with torch.inference_mode():
        scores = [teacher.scores(part.to(device).float()).cpu() for part in parts]
    return Evaluated(torch.cat(scores).numpy())


def evaluate_transcoder(
    transcoder: nn.Module, teacher: Teacher, split: Mapping[str, torch.Tensor], *, batch_size: int | None = None
) -> Evaluated:
    """Scores of the teacher on transcoded Mel spectrograms, and how far those are from its own.

    Parameters
    ----------
    split
        `third_octave` (n_chunks, n_frames, 29), `mel` (n_chunks, n_mel_frames, n_mels)
    """
    device = next(teacher.parameters()).device
    scores, errors = [], []
    with torch.inference_mode():
        for batch in batches(split, batch_size or _suitable_batch_size(device)):
            mel = transcoder(batch["third_octave"].to(device))
            difference = mel - batch["mel"].to(device)
            errors.append(difference.float().square().mean(dim=(1, 2)).cpu())
            scores.append(teacher.scores(mel).float().cpu())
    return Evaluated(torch.cat(scores).numpy(), torch.cat(errors).numpy())


def evaluate_student(
    student: Callable[[torch.Tensor], torch.Tensor],
    third_octave: torch.Tensor,
    *,
    device: torch.device,
    batch_size: int | None = None,
) -> Evaluated:
    """Scores of whatever makes them of levels, such as a student: (n_chunks, n_frames, 29) → (n_chunks, n_labels)."""
    with torch.no_grad():
        parts = third_octave.split(batch_size or _suitable_batch_size(device))
        scores = [student(part.to(device)).float().cpu() for part in parts]
    return Evaluated(torch.cat(scores).numpy())


def evaluate_tagger(tagger: Tagger, third_octave: torch.Tensor, runs: Sequence[NDArray[np.integer]]) -> Evaluated:
    """Scores that a tagger gives of each second in its context.

    Parameters
    ----------
    third_octave : (n_chunks, 8, 29)
        on the network's device, 125 ms apart whatever the network's cadence is.
    runs
        rows of successive seconds that are heard together, all rows in order.
    """
    with torch.no_grad():
        scores = [tagger(tagger.at_its_cadence(third_octave[rows].flatten(0, 1)[None]))[0].sigmoid() for rows in runs]
    return Evaluated(torch.cat(scores).float().cpu().numpy())
