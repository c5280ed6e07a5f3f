"""A linear model on log-Mel spectrograms, which a network has to beat to be worth its training."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.errors import UserError
from audiokit.sound.mel import MelFrontEnd, slaney_filterbank
from exp_samplecnn.data.clips import TEST, TRAIN, VAL
from exp_samplecnn.evaluation.measures import measure
from exp_samplecnn.evaluation.scores import clip_means
from exp_samplecnn.tasks import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exp_samplecnn.data.segment_store import SegmentStore

__all__ = ["STRENGTHS", "LinearModel", "fit_linear_model", "mel_features"]

N_PARTS = 8
"""Of a segment, over each of which the Mel bands are averaged; fewer where it has fewer frames."""

STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)
"""Inverse regularisations that are tried."""

SAME_FOR_ALL = "Label (not )?[0-9]+ is present in all training examples"
"""What scikit-learn warns of for each label and regularisation; such a label has one score for all clips."""

FLOOR = 1e-6
ROWS_AT_ONCE = 64


class SegmentMel(MelFrontEnd):
    """64 bands up to 8 kHz, 43 frames a second."""

    name = "SampleCNN's baseline"
    sample_rate = SAMPLE_RATE
    n_fft = 1024
    win_length = 1024
    hop_length = 512
    n_mels = 64
    exponent = 2
    chunk_frames = 44
    unit = "ln (Mel power + 1e-6)"

    def filterbank(self, *, sample_rate: int, n_fft: int) -> NDArray[np.float32]:
        """Slaney scale and area norm."""
        return slaney_filterbank(sample_rate=sample_rate, n_fft=n_fft, n_mels=self.n_mels, fmin=0, fmax=8000)

    def compress(self, mel: torch.Tensor) -> torch.Tensor:
        """Power to its logarithm."""
        return mel.add(FLOOR).log()

    def expand(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Undo the logarithm."""
        return log_mel.exp().sub(FLOOR).clamp(min=0)


def mel_features(sound: torch.Tensor) -> NDArray[np.float32]:
    """Log-Mel bands of segments, averaged over each of eight parts: (n, n_samples) → (n, 8 · 64).

    Parameters
    ----------
    sound
        full scale 1.
    """
    mel = SegmentMel()(sound)
    parts = torch.tensor_split(mel, min(N_PARTS, mel.shape[1]), dim=1)
    return torch.cat([part.mean(dim=1) for part in parts], dim=1).numpy()


@dataclass(frozen=True)
class LinearModel:
    """What is found on the training split, with the regularisation that the validation split likes best."""

    strength: float
    scores: NDArray[np.float64]
    """Of the clips of the test split, (n_clips, n_labels) in [0, 1]."""


def fit_linear_model(store: SegmentStore, strengths: Sequence[float] = STRENGTHS) -> LinearModel:
    """Logistic regression of the labels, fitted on segments; a clip's score is the mean of its segments'.

    Raises
    ------
    UserError
        where a word is not trained on, or all clips of the validation split have the same labels.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from tqdm import tqdm

    _check_splits(store)
    features = {split: _features(store, split) for split in (TRAIN, VAL, TEST)}
    targets = store.targets[store.clip_of_row[store.rows_of(TRAIN)]]
    best, best_auc = None, -np.inf
    for strength in tqdm(strengths, desc="regularisation", disable=None):
        regression = LogisticRegression(C=strength, max_iter=1000)
        model = make_pipeline(StandardScaler(), regression if store.task.one_label else OneVsRestClassifier(regression))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=SAME_FOR_ALL)
            model.fit(features[TRAIN], targets.argmax(axis=1) if store.task.one_label else targets)
        scores = {split: _clip_scores(model.predict_proba(features[split]), store, split) for split in (VAL, TEST)}
        measured = measure(store.targets[store.clips_of(VAL)], scores[VAL], threshold=store.task.threshold)
        if measured.overall["rocauc"] > best_auc:
            best, best_auc = LinearModel(strength, scores[TEST]), measured.overall["rocauc"]
    return best


def _check_splits(store: SegmentStore) -> None:
    trained, validated = (store.targets[store.clips_of(split)] > 0 for split in (TRAIN, VAL))
    unheard = np.flatnonzero(~trained.any(axis=0))
    if store.task.one_label and len(unheard):
        label = store.task.labels[unheard[0]]
        raise UserError(f"no clip of {label} is left for training: take some out of the lists of the other splits")
    if not (validated != validated[:1]).any():
        raise UserError(
            f"all {len(validated)} clips of the validation split have the same labels, so no regularisation can be "
            "chosen by it: put others into it"
        )


def _clip_scores(probabilities: NDArray[np.floating], store: SegmentStore, split: str) -> NDArray[np.float64]:
    return clip_means(probabilities, store.clip_of_row[store.rows_of(split)], store.clips_of(split))


def _features(store: SegmentStore, split: str) -> NDArray[np.float32]:
    from tqdm import tqdm

    rows = store.rows_of(split)
    starts = tqdm(range(0, len(rows), ROWS_AT_ONCE), desc=f"Mels, {split}", unit="block", disable=None, leave=False)
    blocks = (store.segments[rows[start : start + ROWS_AT_ONCE]] for start in starts)
    return np.concatenate([mel_features(torch.from_numpy(block).float() / store.full_scale) for block in blocks])
