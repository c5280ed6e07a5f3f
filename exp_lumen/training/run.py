"""A training from datasets to a model in its folder."""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
import yaml

from audiokit.errors import UserError
from audiokit.files import write_whole
from audiokit.learning.curves import training_curve_figure
from audiokit.reports import figures
from exp_lumen.data.clips import find_recordings
from exp_lumen.data.pieces import KNOWN, LABELS, WaveformPieces, create_clip_rows, open_store, store_path
from exp_lumen.data.splits import leaks
from exp_lumen.evaluation.aggregation import by_recording
from exp_lumen.evaluation.measures import measures_of
from exp_lumen.evaluation.model_file import Model, save_model
from exp_lumen.networks.network import InstrumentNetwork
from exp_lumen.training.augmentation import set_picture_augmentation
from exp_lumen.training.stages import check_stages, sources_of, train, tune_thresholds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from audiokit.labels.clip_store import ClipStore
    from audiokit.learning.options import Trained
    from audiokit.learning.streaming import Streamed
    from exp_lumen.data.clips import LabelledClip
    from exp_lumen.networks.specification import Specification
    from exp_lumen.training.augmentation import Augmentation, PictureAugmentation
    from exp_lumen.training.settings import Settings

__all__ = ["load_noises", "train_model"]

NOISE_SECONDS = 5


def train_model(
    clips: Mapping[str, Sequence[LabelledClip]],
    spec: Specification,
    settings: Settings,
    folder: Path,
    *,
    augmentation: tuple[Augmentation | None, PictureAugmentation | None] | None = None,
    initial: InstrumentNetwork | None = None,
    stores: Path | None = None,
    scalars: Callable[[str, float, int], None] | None = None,
    workers: int | None = None,
    skip_errors: bool = False,
) -> Path:
    """Train and save a model, or go on with it.

    Parameters
    ----------
    clips
        `train` and `valid`.
    folder
        of all that comes of it.
    augmentation
        of batches and of pictures, in training.
    initial
        network to begin with, of the same specification.
    stores
        folder of the pieces of recordings, which other trainings can use too; `folder` by default.
    scalars
        told of all that is recorded, for TensorBoard say.

    Returns
    -------
    Path
        of the model.
    """
    for leak in leaks(clips):
        print(f"caution: {leak}: what is measured is too good", file=sys.stderr)
    torch.manual_seed(settings.seed)
    network = initial or InstrumentNetwork(spec)
    print(_weights_line(spec, network, is_given=initial is not None))
    batches, pictures = augmentation or (None, None)
    check_stages(network, settings)
    set_picture_augmentation(network, pictures)
    paths = _stored(clips, spec, stores or folder, workers=workers, skip_errors=skip_errors)
    with open_store(paths["train"]) as train_store, open_store(paths["valid"]) as valid_store:
        left = train(network, (train_store, valid_store), settings, folder=folder, augment=batches, scalars=scalars)
        source = sources_of(train_store, valid_store, settings)["valid"]
        thresholds, measured = _measure(network, source, valid_store, settings)
    facts = {"settings": settings.described(), "n_train": len(clips["train"]), "valid": measured}
    path = _model_path(folder, spec, measured["f1"])
    save_model(path, Model(network, thresholds, facts))
    _write_reports(folder, spec, facts, left)
    for stage in left:
        for kind in ("ckpt", "rate"):
            (folder / f"{stage}.part.{kind}").unlink(missing_ok=True)
    tuned = "thresholds tuned on it" if settings.threshold is None else f"a threshold of {settings.threshold:g}"
    print(f"validation: macro F1 {measured['f1']:.4f} with {tuned}, of {measured['n']} recordings")
    return path


def _stored(
    clips: Mapping[str, Sequence[LabelledClip]],
    spec: Specification,
    folder: Path,
    *,
    workers: int | None,
    skip_errors: bool,
) -> dict[str, Path]:
    """Stores of the pieces of `train` and `valid` that a model hears, made where they are not there."""
    pieces = WaveformPieces(spec.sample_rate, spec.piece_samples)
    stem = f"{pieces.sample_rate}_{pieces.length}"
    paths = {name: store_path(folder, f"{name}_{stem}", clips[name]) for name in ("train", "valid")}
    for name, path in paths.items():
        create_clip_rows(clips[name], path, pieces, workers=workers, skip_errors=skip_errors)
    return paths


def load_noises(folder: Path, *, sample_rate: int, n_samples: int) -> torch.Tensor:
    """The beginnings of all recordings of a folder, (n_noises, n_samples), repeated where they are shorter.

    Raises
    ------
    UserError
        where there are none, or one cannot be read.
    """
    import numpy as np

    from audiokit.sound.audio import load

    length = max(n_samples, NOISE_SECONDS * sample_rate)
    sounds = [np.resize(load(path, sample_rate=sample_rate), length) for path in find_recordings(folder)]
    return torch.from_numpy(np.stack(sounds))


def _weights_line(spec: Specification, network: InstrumentNetwork, *, is_given: bool) -> str:
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    own = "the teacher's own weights" if spec.teacher and spec.pretrained != "random" else "random weights"
    origin = "the given model" if is_given else spec.pretrained or own
    return f"{spec.teacher or spec.model}: {n_parameters / 1e6:.2f} M parameters, begun from {origin}"


@torch.inference_mode()
def _measure(
    network: InstrumentNetwork, source: Streamed, store: ClipStore, settings: Settings
) -> tuple[dict[str, NDArray[np.float64]], dict[str, object]]:
    """Thresholds that a trained network is to have, and its measures with them on the validation set."""
    network.eval().to(settings.device)
    heard = [network(batch["sound"].to(settings.device)).sigmoid().cpu() for batch in source.batches(0)]
    scores = torch.cat(heard).numpy()
    thresholds = tune_thresholds(store, scores, fixed=settings.threshold)
    by_clip = by_recording(scores, store.n_rows, settings.aggregation)
    measured = measures_of(store.columns[LABELS], by_clip, store.columns[KNOWN], thresholds[settings.aggregation])
    return thresholds, measured


def _model_path(folder: Path, spec: Specification, f1: float) -> Path:
    """Path of the model; others that the folder has are of trainings before."""
    checkpoints = folder / "checkpoints"
    if checkpoints.is_dir():
        for path in checkpoints.glob("*.ckpt"):
            path.unlink()
    return checkpoints / f"{spec.teacher or spec.model}_val_f1_{f1:.4f}.ckpt"


def _write_reports(folder: Path, spec: Specification, facts: Mapping[str, object], left: Mapping[str, Trained]) -> None:
    """What it was made with, as YAML; losses and measures of each epoch, as a table and as pictures."""
    with write_whole(folder / "config.yaml") as partial:
        partial.write_text(yaml.safe_dump({"specification": replace(spec).described(), **facts}, sort_keys=False))
    with write_whole(folder / "metrics.csv") as partial, open(partial, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        names = sorted({name for trained in left.values() for name in trained.losses if name.endswith("_valid")})
        table.writerow(["stage", "epoch", *names])
        for stage, trained in left.items():
            for epoch in range(trained.epochs + 1):
                table.writerow([stage, epoch, *(f"{trained.losses[name][epoch]:.6f}" for name in names)])
    for stage, trained in left.items():
        if "losses_valid" in trained.losses:
            title = f"{spec.teacher or spec.model}, {stage}"
            figure = training_curve_figure(trained.losses, title=title, kept=trained.kept_epoch)
            figures.save(figure, folder / f"curves_{stage}.png")


def check_splits(clips: Mapping[str, Sequence[LabelledClip]]) -> None:
    """Refuse a training without clips to train on or to validate with."""
    for name, option in (("train", "--train-paths"), ("valid", "--val-paths")):
        if not clips.get(name):
            raise UserError(f"there is nothing to {name} with: give {option}")
