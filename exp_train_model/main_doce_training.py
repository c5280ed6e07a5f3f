"""Train transcoders, evaluate them against their teacher, and show the results: the paper's first experiment."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.experiments import experiment_cli
from audiokit.experiments.deferred import methods_of
from audiokit.experiments.experiment import Experiment, Metric
from audiokit.options import add_device_option, add_mixed_precision_option
from audiokit.paths import ROOT
from exp_train_model.plans import needs, training_plans
from teachers.options import add_models_option, add_teacher_weights_option

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from audiokit.experiments.plan import Setting
    from spectral_transcoder.training.training_experiment import TrainingExperiment

DATA = ROOT / "spectral_transcoder_data"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of training."""
    add = parser.add_argument
    add("--data_path", type=Path, default=DATA / "data", help="folder of the datasets (%(default)s)")
    add(
        "--output_path",
        type=Path,
        default=DATA / "training_experiments" / "train_exp",
        help="folder for models, losses and metrics (%(default)s)",
    )
    add_models_option(parser)
    add_teacher_weights_option(parser)
    add("--datasets", nargs="+", default=[], metavar="NAME", help="datasets of your own, as further modalities")
    add_device_option(parser)
    add("--paper", action="store_true", help="validate and evaluate in train mode, as the original does")
    add_mixed_precision_option(parser)
    add("--compile", action="store_true", help="torch.compile")
    help_text = "record the steps of a GPU and play them: small networks are 2 to 3 times as fast"
    add("--cuda_graphs", action="store_true", help=help_text)
    add("--batch_size", type=cli.positive, metavar="N", help="seconds, or a tagger's windows, in place of 64 and 32")
    help_text = "train each model for so long, whatever its epochs; the learning rate falls with the time"
    add("--minutes", type=cli.above_zero, metavar="MINUTES", help=help_text)
    add("--patience", type=cli.positive, metavar="EPOCHS", help="stop after so many epochs without improvement")
    help_text = "longest time between checkpoints (%(default)s)"
    add("--checkpoint_seconds", type=cli.positive, default=300, metavar="SECONDS", help=help_text)
    add("--start_from", type=Path, metavar="FILE", help="weights to start from, such as those in reference_models/")
    add("--tensorboard", type=Path, metavar="FOLDER", help="write loss curves for TensorBoard")


def training_experiment(options: Namespace) -> TrainingExperiment:
    """What the steps are done with."""
    from audiokit.devices import can_mix_precision, choose_device
    from spectral_transcoder.training.training_experiment import TrainingExperiment

    device = choose_device(options.device)
    return TrainingExperiment(
        root=options.output_path,
        data=options.data_path,
        models=options.models,
        teacher_weights=options.teacher_weights,
        device=str(device),
        paper=options.paper,
        mixed_precision=options.mixed_precision and can_mix_precision(device),
        compile=options.compile,
        cuda_graphs=options.cuda_graphs,
        batch_size=options.batch_size,
        patience=options.patience,
        minutes=options.minutes,
        checkpoint_seconds=options.checkpoint_seconds,
        start_from=options.start_from,
        tensorboard=options.tensorboard,
    )


def configure(experiment: Experiment, options: Namespace) -> Experiment:
    """Make the experiment that the options ask for."""
    from spectral_transcoder.training.experiment_files import ExperimentFiles

    if options.device not in ("auto", "cpu"):  # what is not there is told at once, though it takes PyTorch
        from audiokit.devices import choose_device

        choose_device(options.device)
    training = methods_of(partial(training_experiment, options))
    files = ExperimentFiles(options.output_path, options.data_path, options.models, options.teacher_weights)
    return replace(
        experiment,
        plans=training_plans(datasets=options.datasets),
        root=options.output_path,
        run=training("run"),
        is_done=files.is_done,
        outputs=files.outputs,
        begun=files.begun_identifiers,
        metrics=tuple(replace(metric, values=partial(files.result, name=stored)) for stored, metric in METRICS.items()),
    )


def deciding(setting: Setting) -> tuple[str, ...]:
    """Options on which the results of a setting's step depend, besides what they are made of."""
    from spectral_transcoder.training.experiment_files import STUDENTS

    if setting["step"] == "train":
        return ("batch_size", "minutes", "mixed_precision", "paper", "patience", "start_from")
    return ("paper",) if setting["step"] == "evaluate" and setting["transcoder"] in STUDENTS else ()


METRICS = {
    "mel_mse": Metric("avg_mels_mse", title="Mel MSE", decimals=2),
    "logit_bce": Metric("avg_logit_bce", title="score BCE", decimals=6),
    "logit_kl": Metric("avg_logit_kl", title="score KL", decimals=6),
    "ptopafc": Metric("ptopafc", title="same top class (%)", direction="higher", decimals=2),
}
"""By the name under which the values are stored, in the order of the paper's tables."""

EXPERIMENT = Experiment(
    name="train_exp",
    plans=training_plans(),
    root=DATA / "training_experiments" / "train_exp",
    metrics=tuple(METRICS.values()),
    description=__doc__,
    needs=needs,
    deciding=deciding,
    script=Path(__file__),
    add_arguments=add_arguments,
    configure=configure,
)


if __name__ == "__main__":
    sys.exit(cli.run(partial(experiment_cli.main, EXPERIMENT)))
