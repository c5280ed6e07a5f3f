"""From the options of `train.py` to a training."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from audiokit.devices import can_mix_precision, choose_device
from audiokit.errors import UserError
from audiokit.files import make_folder
from audiokit.learning.scalars import tensorboard_scalars
from exp_lumen.data.sources import labelled_clips
from exp_lumen.data.splits import by_song, fraction_of
from exp_lumen.data.tables import override_labels
from exp_lumen.evaluation.model_file import load_model
from exp_lumen.networks.specification import MODELS, Specification
from exp_lumen.training.augmentation import DEFAULTS, create_augmentation
from exp_lumen.training.confirmation import confirm
from exp_lumen.training.run import check_splits, load_noises, train_model
from exp_lumen.training.settings import Settings

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from exp_lumen.data.clips import LabelledClip
    from exp_lumen.training.augmentation import Augmentation, PictureAugmentation

__all__ = ["create_run"]

TRAIN_SHARE = 0.8
"""Of a training set that is split."""

QUICK_CLIPS, QUICK_EPOCHS = 32, 2
"""Of a training that is to show whether it works."""


def create_run(options: Namespace, *, default_folder: Path) -> Path:
    """Do the training that the options describe; gives the path of the model."""
    spec, initial = _network(options)
    settings = _settings(options)
    clips = _clips(options, seed=settings.seed)
    check_splits(clips)
    augmentation = _augmentation(options, spec)
    output = options.output or default_folder / _run_name(spec, options.experiment_suffix)
    if options.verify_config:
        confirm({"specification": spec.described(), "settings": settings.described(), "output": str(output)}, clips)
    with tensorboard_scalars(output / "tensorboard" if options.tensorboard else None) as scalars:
        return train_model(
            clips,
            spec,
            settings,
            make_folder(output),
            augmentation=augmentation,
            initial=initial,
            stores=options.stores,
            scalars=scalars,
            workers=options.workers,
            skip_errors=options.skip_errors,
        )


def _network(options: Namespace) -> tuple[Specification, object | None]:
    """What is to be trained; a given model says itself what it is."""
    if options.ckpt:
        network = load_model(options.ckpt).network.requires_grad_(True)
        return network.spec, network
    if options.model not in MODELS:
        raise UserError(f"there is no model {options.model!r}: choose among {', '.join(MODELS)}")
    is_teacher = options.model == "TEACHER"
    spec = Specification(
        model=options.model,
        audio_transform=options.audio_transform,
        head=options.head,
        hidden=tuple(options.head_hidden_dim),
        fluffy=options.use_fluffy,
        image_size=options.image_size,
        paper=options.paper,
        rgb=options.use_rgb,
        teacher=(options.teacher or "YamNet") if is_teacher else "",
        pretrained=options.pretrained,
    )
    return spec.checked(), None


def _settings(options: Namespace) -> Settings:
    device = choose_device(options.device)
    return Settings(
        epochs=min(options.epochs, QUICK_EPOCHS) if options.quick else options.epochs,
        batch_size=options.batch_size,
        finetune_head=options.finetune_head,
        finetune_head_epochs=1 if options.quick else options.finetune_head_epochs,
        head_alone=options.head_alone,
        head_after=options.head_after,
        backbone_after=options.backbone_after,
        finetune_train_bn=options.finetune_train_bn,
        lr=options.lr,
        lr_warmup=options.lr_warmup,
        lr_onecycle_max=options.lr_onecycle_max,
        scheduler=options.scheduler,
        optimizer=options.optimizer,
        weight_decay=options.weight_decay,
        metric=options.metric,
        patience=options.early_stopping_metric_patience,
        aggregation=options.aggregation,
        loss=options.loss_function,
        gamma=options.gamma,
        family_factor=options.add_instrument_loss,
        weighted_sampler=options.use_weighted_train_sampler,
        drop_last=options.drop_last,
        skip_validation=options.skip_validation,
        by_instrument=options.log_per_instrument_metrics,
        threshold=options.prediction_threshold,
        mixed_precision=options.mixed_precision and can_mix_precision(device),
        seed=options.seed,
        device=str(device),
    ).checked()


def _clips(options: Namespace, *, seed: int) -> dict[str, list[LabelledClip]]:
    train = labelled_clips(options.train_paths, option="--train-paths")
    train = override_labels(train, options.train_override_csvs)
    train = fraction_of(train, options.dataset_fraction, seed=seed)
    if options.train_only_dataset:
        if options.val_paths:
            raise UserError("--train-only-dataset validates with the training set: leave --val-paths away")
        first, second = by_song(train, share=TRAIN_SHARE, seed=seed)
        clips = {"train": first, "valid": second}
    else:
        clips = {"train": train, "valid": labelled_clips(options.val_paths, option="--val-paths")}
    if not options.quick:
        return clips
    return {name: fraction_of(kept, min(1, QUICK_CLIPS / len(kept)), seed=seed) for name, kept in clips.items() if kept}


def _augmentation(options: Namespace, spec: Specification) -> tuple[Augmentation | None, PictureAugmentation | None]:
    counts = _counts(options.aug_kwargs)
    noises = None
    if options.noises:
        noises = load_noises(options.noises, sample_rate=spec.sample_rate, n_samples=spec.piece_samples)
    if not 0 <= options.aug_probability <= 1:
        raise UserError(f"--aug-probability {options.aug_probability} is outside of 0 to 1")
    names = DEFAULTS if options.augmentations is None else options.augmentations
    return create_augmentation(
        names,
        probability=options.aug_probability,
        n_sum=counts["sum_n"],
        n_concat=counts["concat_n"],
        noises=noises,
    )


def _counts(texts: list[str]) -> dict[str, int]:
    """How many pieces become one."""
    counts = {"sum_n": 3, "concat_n": 3}
    for text in texts:
        key, _, value = text.partition("=")
        if key not in counts or not value.isdecimal() or int(value) < 1:
            raise UserError(f"--aug-kwargs {text} is not understood: write sum_n=3 or concat_n=3")
        counts[key] = int(value)
    return counts


def _run_name(spec: Specification, suffix: str) -> str:
    name = f"{datetime.now():%m-%d-%H-%M-%S}_{spec.teacher or spec.model}"
    return f"{name}_{suffix}" if suffix else name
