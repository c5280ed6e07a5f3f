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

from spectral_transcoder.training.settings import SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from teachers.registry import Teacher

__all__ = [
    "DistillationObjective",
    "HybridObjective",
    "LikelihoodObjective",
    "MelObjective",
    "ScoreObjective",
    "TaggerObjective",
    "score_bce",
]

LOGIT_SCALES = {"PANN": 1500.0, "YamNet": 10.0}
"""Weight of the score loss that makes it comparable to the Mel loss of a teacher (dB² or ln²), from the original."""

LN_SCALE_LIKE_YAMNET = 10.0


SMALLEST_SCORE = 1e-7
ABSENT = 1e-5
"""Score below which the order of labels, all of which are absent, is not to be learned."""

SMALLEST_POWER = 1e-6
SMALLEST_VARIANCE = 1e-4


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
class LikelihoodObjective:
    """Likelihood of the Mel spectrogram under a normal distribution in each cell, for transcoders that expect one.

    The network's `expect` gives the mean and the deviation, the latter in units of its textures' in each band.
    """

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses of a batch: the negative logarithm of the density, the mean over cells, but for a constant."""
        mean, roughness = network.expect(batch["third_octave"])
        variance = (roughness.float() * network.textures.std(dim=(0, 1))).square()
        return {
            "loss": functional.gaussian_nll_loss(mean.float(), batch["mel"].float(), variance, eps=SMALLEST_VARIANCE)
        }


@dataclass(frozen=True)
class ScoreObjective:
    """Cross-entropy of the scores that a student gives directly."""

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses of a batch."""
        return {"loss": score_bce(network(batch["third_octave"]), batch["scores"])}


@dataclass(frozen=True)
class TaggerObjective:
    """The teacher's scores of seconds in their context, and their order, for taggers.

    A batch holds `third_octave` (batch, n_seconds, 8, 29) and `scores` (batch, n_seconds, n_labels). Where it has what
    the teacher hears through a transcoder, too (`transcoded`, shaped as the scores), the mean of those logits and the
    tagger's is to be right as well, so that the tagger learns most where the transcoder errs.

    Attributes
    ----------
    score_weight, order_weight
        of the parts `logit` (cross-entropy) and `order` (divergence of the softmax over the labels).
    share
        of the tagger's logits in the mean, whose loss is the part `joined`.
    """

    score_weight: float = 30.0
    order_weight: float = 0.5
    share: float = SHARE

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses of a batch."""
        logits = network(network.at_its_cadence(batch["third_octave"].flatten(1, 2))).float().flatten(0, 1)
        scores = batch["scores"].float().flatten(0, 1)
        parts = _score_parts(logits, scores)
        loss = self._weighted(parts)
        if "transcoded" in batch:
            transcoded = batch["transcoded"].float().flatten(0, 1).logit(eps=SMALLEST_SCORE)
            joined = self.share * logits + (1 - self.share) * transcoded
            parts["joined"] = self._weighted(_score_parts(joined, scores))
            loss = loss + parts["joined"]
        return {"loss": loss, **parts}

    def _weighted(self, parts: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return self.score_weight * parts["logit"] + self.order_weight * parts["order"]


def _score_parts(logits: torch.Tensor, scores: torch.Tensor) -> dict[str, torch.Tensor]:
    """How far logits are from scores, (n_seconds, n_labels) each, label by label and in their order."""
    return {
        "logit": functional.binary_cross_entropy_with_logits(logits, scores),
        "order": functional.kl_div(
            logits.log_softmax(dim=1),
            scores.logit(eps=ABSENT).log_softmax(dim=1),
            log_target=True,
            reduction="batchmean",
        ),
    }


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
        logit_loss = score_bce(self.teacher.scores(mel), self._target(batch))
        if self.prop_logit == 100:
            return {"loss": logit_loss}
        mel_loss = functional.mse_loss(mel.float(), batch["mel"].float())
        share = self.prop_logit / 100
        scale = LOGIT_SCALES.get(self.teacher.name, LN_SCALE_LIKE_YAMNET)
        return {"loss": (1 - share) * mel_loss + scale * share * logit_loss, "mel": mel_loss, "logit": logit_loss}

    @torch.no_grad()
    def _target(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The teacher's scores that are stored, or those of a Mel spectrogram that is new."""
        return batch["scores"] if "scores" in batch else self.teacher.scores(batch["mel"].float())


@dataclass(frozen=True)
class DistillationObjective:
    """All that the frozen teacher makes of a Mel spectrogram, for transcoders that generalise.

    Cross-entropy of the scores tells little about the order of the labels, nearly all of which are absent; so does each
    label's score alone. The divergence of the softmax over the labels tells which ones the teacher hears most, and the
    embedding tells what it hears where it knows no label. A batch needs `third_octave` and `mel` only.

    Attributes
    ----------
    teacher
        in eval mode; gradients pass through it to the transcoder.
    mel_weight, score_weight, order_weight, embedding_weight
        of the parts `mel` (mean squared error), `logit` (cross-entropy), `order` (divergence), `embedding` (mean
        squared error, as a share of the embedding's own mean square).
    """

    teacher: Teacher
    mel_weight: float = 0.05
    score_weight: float = 30.0
    order_weight: float = 0.2
    embedding_weight: float = 0.3

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses of a batch."""
        target_mel = batch["mel"].float()
        with torch.no_grad():
            target_embedding, target = self._hear(target_mel)
        mel = network(batch["third_octave"]).float()
        embedding, logits = self._hear(mel)
        power = target_embedding.square().mean().clamp(min=SMALLEST_POWER)
        parts = {
            "mel": functional.mse_loss(mel, target_mel),
            "logit": functional.binary_cross_entropy_with_logits(logits, target.sigmoid()),
            "order": functional.kl_div(
                logits.log_softmax(dim=1), target.log_softmax(dim=1), log_target=True, reduction="batchmean"
            ),
            "embedding": functional.mse_loss(embedding, target_embedding) / power,
        }
        weights = (self.mel_weight, self.score_weight, self.order_weight, self.embedding_weight)
        loss = sum(weight * part for weight, part in zip(weights, parts.values(), strict=True))
        return {"loss": loss, **parts}

    def _hear(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Embedding and logits in float32."""
        embedding = self.teacher.network.embed(mel).float()
        return embedding, self.teacher.network.classify(embedding).float()
