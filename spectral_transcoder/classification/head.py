"""The small network that makes classes out of a teacher's scores, as published (Tailleur et al., DCASE 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audiokit.labels.labelled_dataset import Round

__all__ = ["Head", "TrainedHead", "predict", "train_head", "train_heads"]

HIDDEN = 100
EPOCHS = 30
BATCH_SIZE = 32
LEARNING_RATE = 1e-3
SEED = 0


class Head(nn.Sequential):
    """(batch, n_scores) in [0, 1] → (batch, n_classes) in [0, 1]; linear but for the end, as in the original."""

    def __init__(self, n_scores: int, n_classes: int) -> None:
        super().__init__(nn.Linear(n_scores, HIDDEN), nn.Linear(HIDDEN, n_classes), nn.Sigmoid())


@dataclass(frozen=True)
class TrainedHead:
    """What a training gives."""

    state: dict[str, torch.Tensor]
    """After the last epoch: nothing is selected."""

    losses_train: NDArray[np.float64]
    """(n_epochs,), mean over the batches."""

    losses_eval: NDArray[np.float64]
    """(n_epochs,), on the clips that are held out."""


def train_heads(
    scores: NDArray[np.floating],
    targets: NDArray[np.floating],
    rounds: Sequence[Round],
    *,
    is_multilabel: bool,
    epochs: int = EPOCHS,
) -> list[TrainedHead]:
    """Train a head for each round, all from the same random weights.

    Parameters
    ----------
    scores : (n_clips, n_scores)
    targets : (n_clips, n_classes)
        0 and 1
    """
    torch.manual_seed(SEED)
    start = Head(scores.shape[1], targets.shape[1]).state_dict()
    x, y = torch.from_numpy(scores).float(), torch.from_numpy(targets).float()
    trained = []
    for number, one in enumerate(rounds):
        train, evaluate = torch.from_numpy(one.train), torch.from_numpy(one.evaluate)
        generator = torch.Generator().manual_seed(SEED + number)
        trained.append(
            train_head(
                (x[train], y[train]),
                (x[evaluate], y[evaluate]),
                start=start,
                is_multilabel=is_multilabel,
                epochs=epochs,
                generator=generator,
            )
        )
    return trained


def train_head(
    train: tuple[torch.Tensor, torch.Tensor],
    evaluate: tuple[torch.Tensor, torch.Tensor],
    *,
    start: dict[str, torch.Tensor],
    is_multilabel: bool,
    epochs: int = EPOCHS,
    generator: torch.Generator,
) -> TrainedHead:
    """Train one head: Adam, batches of 32 in random order, binary cross-entropy whatever the labels are.

    Parameters
    ----------
    train, evaluate
        scores (n, n_scores) and targets (n, n_classes).
    start
        weights.
    is_multilabel
        what the loss of the held-out clips is measured with: else it is the cross-entropy of a softmax over the
        sigmoids, as in the original. It is only logged.
    generator
        of the order.
    """
    head = Head(train[0].shape[1], train[1].shape[1])
    head.load_state_dict(start)
    optimizer = torch.optim.Adam(head.parameters(), lr=LEARNING_RATE)
    losses_train, losses_eval = [], []
    for _ in range(epochs):
        losses = []
        for batch in torch.randperm(len(train[0]), generator=generator).split(BATCH_SIZE):
            loss = functional.binary_cross_entropy(head(train[0][batch]), train[1][batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        losses_train.append(torch.stack(losses).mean().item())
        with torch.no_grad():
            outputs = head(evaluate[0])
            measure = functional.binary_cross_entropy if is_multilabel else functional.cross_entropy
            losses_eval.append(measure(outputs, evaluate[1]).item())
    state = {name: tensor.clone() for name, tensor in head.state_dict().items()}
    return TrainedHead(state, np.array(losses_train), np.array(losses_eval))


def predict(
    scores: NDArray[np.floating], rounds: Sequence[Round], states: Sequence[dict[str, torch.Tensor]]
) -> NDArray[np.float32]:
    """What each round's head says of the clips that it was not trained on.

    Parameters
    ----------
    scores : (n_clips, n_scores)
    states
        of each round's head.

    Returns
    -------
    (n_clips, n_classes), NaN for clips that no round evaluates.
    """
    n_classes = len(states[0]["1.bias"])
    predictions = np.full((len(scores), n_classes), np.nan, np.float32)
    head = Head(scores.shape[1], n_classes)
    for one, state in zip(rounds, states, strict=True):
        head.load_state_dict(state)
        with torch.no_grad():
            predictions[one.evaluate] = head(torch.from_numpy(scores[one.evaluate]).float()).numpy()
    return predictions
