"""What a network is trained for: objectives take a network and a batch, and give the losses of the batch.

A batch is a dict of tensors: `third_octave` (batch, 8, 29), and what the objective compares with: `mel`
(batch, n_frames, n_mels) and `scores` (batch, n_labels), the teacher's on its own Mel spectrogram. An objective gives a
dict with `loss`, which is minimised, and its parts under the names of the original's loss arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from spectral_transcoder.teachers import Teacher

__all__ = ["HybridObjective", "MelObjective", "ScoreObjective", "score_bce"]

LOGIT_SCALES = {"PANN": 1500.0, "YamNet": 10.0}
"""Weight of the score loss that makes it comparable to the Mel loss of a teacher (dB² or ln²), from the original."""

LN_SCALE_LIKE_YAMNET = 10.0


def score_bce(scores: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy between scores in [0, 1], the mean over batch and labels; logarithms end at −100."""
    # Not allowed in half precision, where it would be wrong anyway.
    with torch.autocast(scores.device.type, enabled=False):
        return functional.binary_cross_entropy(scores.float(), target.float())


@dataclass(frozen=True)
class MelObjective:
    """Mean squared error of the Mel spectrogram ("CNN-mels")."""

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses of a batch."""
        return {"loss": functional.mse_loss(network(batch["third_octave"]).float(), batch["mel"].float())}


@dataclass(frozen=True)
class ScoreObjective:
    """Cross-entropy of the scores that a student gives directly."""

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses of a batch."""
        return {"loss": score_bce(network(batch["third_octave"]), batch["scores"])}


@dataclass(frozen=True)
class HybridObjective:
    """Cross-entropy of the frozen teacher's scores on the transcoded Mels ("CNN-logits"), with a share of MSE.

    Attributes
    ----------
    teacher
        in eval mode; gradients pass through it to the transcoder.
    prop_logit
        percentage of the score loss; at 100 the Mel spectrogram plays no part and the score loss is not scaled.
    """

    teacher: Teacher
    prop_logit: float = 100

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses of a batch."""
        mel = network(batch["third_octave"])
        logit_loss = score_bce(self.teacher.scores(mel), batch["scores"])
        if self.prop_logit == 100:
            return {"loss": logit_loss}
        mel_loss = functional.mse_loss(mel.float(), batch["mel"].float())
        share = self.prop_logit / 100
        scale = LOGIT_SCALES.get(self.teacher.name, LN_SCALE_LIKE_YAMNET)
        return {"loss": (1 - share) * mel_loss + scale * share * logit_loss, "mel": mel_loss, "logit": logit_loss}
