"""Training in two stages: the head alone at first, then everything; each with the one trainer of the house."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.labels.multilabel import best_thresholds, measure_decisions
from audiokit.learning.optimisation.rate_search import search_rate
from audiokit.learning.optimisation.schedules import Constant, Geometric
from audiokit.learning.options import TrainingOptions
from audiokit.learning.streaming import Streamed
from audiokit.learning.trainer import Trainer
from exp_lumen.data.pieces import KNOWN, LABELS, SCALE, SOUND
from exp_lumen.data.splits import sampling_weights
from exp_lumen.evaluation.aggregation import AGGREGATIONS, by_recording
from exp_lumen.instruments import CODES
from exp_lumen.networks.freezing import modules_up_to
from exp_lumen.training.heard import heard_sources, hears_the_same
from exp_lumen.training.identity import training_identity
from exp_lumen.training.losses import Objective, positive_weights
from exp_lumen.training.rates import kept_rate
from exp_lumen.training.settings import AUTO_LR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from audiokit.labels.clip_store import ClipStore
    from audiokit.learning.batches import Source
    from audiokit.learning.options import Trained
    from exp_lumen.networks.network import InstrumentNetwork
    from exp_lumen.training.augmentation import Augmentation
    from exp_lumen.training.settings import Settings

__all__ = ["Stage", "check_stages", "sources_of", "stages_of", "train", "tune_thresholds"]


@dataclass(frozen=True)
class Stage:
    """A part of the training."""

    name: str
    frozen: bool
    """Whether the backbone is, up to `up_to` or all of it."""
    epochs: int
    up_to: str = ""
    warms_up: bool = False
    """Whether its rate is that of a head before the rest is trained."""


def stages_of(settings: Settings) -> list[Stage]:
    """The head alone where that is wanted, then everything unless it is not."""
    n_head = settings.epochs if settings.head_alone else min(settings.finetune_head_epochs, settings.epochs)
    head = Stage("head", True, n_head, settings.head_after, warms_up=not settings.head_alone)
    first = [head] if settings.finetune_head or settings.head_alone else []
    n_rest = settings.epochs - sum(stage.epochs for stage in first)
    rest = Stage("whole", bool(settings.backbone_after), n_rest, settings.backbone_after)
    return first + ([rest] if n_rest > 0 else [])


def check_stages(network: InstrumentNetwork, settings: Settings) -> None:
    """Refuse stages that end at a layer which the backbone has not."""
    for stage in stages_of(settings):
        modules_up_to(network.backbone, stage.up_to)


def sources_of(train: ClipStore, valid: ClipStore, settings: Settings) -> dict[str, Streamed]:
    """Batches of `sound`, `targets` and `known`, read while the ones before are trained on."""
    weights = None
    if settings.weighted_sampler:
        weights = sampling_weights(train.columns[LABELS], train.columns[KNOWN])[train.clip_of_row]
    options = {"batch_size": settings.batch_size, "seed": settings.seed, "prepare": _as_tensors}
    return {
        "train": Streamed(_arrays(train), _rows(train), weights=weights, drop_last=settings.drop_last, **options),
        "valid": Streamed(_arrays(valid), _rows(valid), shuffled=False, **options),
    }


def train(
    network: InstrumentNetwork,
    stores: tuple[ClipStore, ClipStore],
    settings: Settings,
    *,
    folder: Path,
    augment: Augmentation | None = None,
    scalars: Callable[[str, float, int], None] | None = None,
) -> dict[str, Trained]:
    """Train a network, which has its best state then, or go on with it.

    Parameters
    ----------
    stores
        of training and of validation.
    folder
        of the checkpoints.
    scalars
        told of all that is recorded, as `audiokit.learning.trainer.Trainer` tells it, by the name of the stage.

    Returns
    -------
    dict
        stage → what it left.
    """
    identity = training_identity(network, stores, settings, augment)
    sources = sources_of(*stores, settings)
    objective = create_objective(stores[0], settings)
    validation = Validation(stores[1], objective, settings.aggregation, by_instrument=settings.by_instrument)
    left = {}
    for stage in stages_of(settings):
        network.freeze(frozen=stage.frozen, up_to=stage.up_to, trains_normalisation=settings.finetune_train_bn)
        learner, learned_from = _learner(network, sources, settings, is_augmented=augment is not None)
        options = _options(stage, settings, is_first=not left)
        if settings.scheduler == AUTO_LR and not stage.warms_up:
            trial = partial(search_rate, learner, objective, learned_from["train"], settings.optimising)
            find = partial(trial, augment=augment, device=settings.device)
            rate = kept_rate(folder / f"{stage.name}.part.rate", find, identity=identity)
            options = replace(options, schedule=Constant(rate))
        if settings.skip_validation:
            learned_from = {"train": learned_from["train"]}
        trainer = Trainer(
            learner,
            objective,
            learned_from,
            options,
            checkpoint=folder / f"{stage.name}.part.ckpt",
            augment=augment,
            measure=None if settings.skip_validation else validation,
            scalars=_of_stage(stage.name, scalars),
            identity=identity,
        )
        left[stage.name] = trainer.train()
        learner.load_state_dict(left[stage.name].best_state)
    network.freeze(frozen=False)
    return left


def _learner(
    network: InstrumentNetwork, sources: Mapping[str, Streamed], settings: Settings, *, is_augmented: bool
) -> tuple[nn.Module, Mapping[str, Source]]:
    """What is trained, and with what: the head with what the backbone hears, where that is always the same."""
    if is_augmented or not hears_the_same(network):
        return network, sources
    return network.head, heard_sources(network, sources, seed=settings.seed, device=settings.device)


def create_objective(store: ClipStore, settings: Settings) -> Objective:
    """The loss that the settings name; weights come from the training set."""
    weights = None
    if settings.loss == "CROSS_ENTROPY_POS_WEIGHT":
        weights = torch.from_numpy(positive_weights(store.columns[LABELS], store.columns[KNOWN]))
    return Objective(settings.loss, weights, settings.gamma, settings.family_factor)


@dataclass(frozen=True)
class Validation:
    """Measures what the network has said of the whole validation set, recording by recording."""

    store: ClipStore
    objective: Objective
    aggregation: str
    by_instrument: bool = False

    def __call__(self, network: nn.Module) -> Mapping[str, float]:
        """Macro F1 at the thresholds that are best for it, which the model will have, and at 0.5; Hamming score.

        With `by_instrument` F1, precision and recall of each too, `f1_cel` say.
        """
        scores = by_recording(self.objective.take_heard(), self.store.n_rows, self.aggregation)
        targets, known = self.store.columns[LABELS], self.store.columns[KNOWN]
        measured = measure_decisions(targets, scores >= 0.5, known)
        tuned = measure_decisions(targets, scores >= best_thresholds(targets, scores, known), known)
        whole = {"f1": tuned.macro_f1, "f1_at_half": measured.macro_f1, "hamming": tuned.hamming_score}
        if not self.by_instrument:
            return whole
        by_label = {"f1": tuned.f1_by_label, "precision": tuned.precision_by_label, "recall": tuned.recall_by_label}
        return whole | {
            f"{name}_{code}": float(value)
            for name, values in by_label.items()
            for code, value in zip(CODES, values, strict=True)
        }


def tune_thresholds(
    store: ClipStore, scores: NDArray[np.floating], *, fixed: float | None = None
) -> dict[str, NDArray[np.float64]]:
    """Thresholds of each instrument on a validation set, by how pieces are put together.

    Parameters
    ----------
    scores : (n_rows_in_all, 11)
        of all its pieces.
    fixed
        for all instruments, in place of what would be found.
    """
    if fixed is not None:
        return {how: np.full(len(CODES), fixed) for how in AGGREGATIONS}
    targets, known = store.columns[LABELS], store.columns[KNOWN]
    return {how: best_thresholds(targets, by_recording(scores, store.n_rows, how), known) for how in AGGREGATIONS}


def _options(stage: Stage, settings: Settings, *, is_first: bool) -> TrainingOptions:
    warm_up = Geometric(settings.lr_warmup, settings.lr)
    return TrainingOptions(
        epochs=stage.epochs,
        schedule=warm_up if stage.warms_up else settings.schedule,
        optimizer=settings.optimising,
        keeping=replace(settings.keeping, untrained=not is_first),
        seed=settings.seed,
        device=settings.device,
        mixed_precision=settings.mixed_precision,
    )


def _of_stage(name: str, scalars: Callable[[str, float, int], None] | None) -> Callable | None:
    """What tells scalars by the name of a stage too."""
    return None if scalars is None else lambda what, value, step: scalars(f"{name}/{what}", value, step)


def _arrays(store: ClipStore) -> dict[str, NDArray]:
    """Row by row."""
    clips = store.clip_of_row
    return {
        "sound": store.array(SOUND),
        "targets": store.columns[LABELS][clips],
        "known": store.columns[KNOWN][clips],
    }


def _rows(store: ClipStore) -> NDArray[np.int64]:
    return np.arange(store.n_rows_in_all)


def _as_tensors(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Samples of 16 bit to full scale ±1."""
    return {**batch, "sound": batch["sound"].float() / SCALE}
