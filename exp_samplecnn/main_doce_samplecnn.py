"""Train and measure SampleCNNs by plan: datasets, blocks, one level or three, seeds."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.experiments import experiment_cli
from audiokit.experiments.deferred import with_methods_of
from audiokit.experiments.experiment import Experiment, Metric
from audiokit.options import add_device_option, add_mixed_precision_option
from audiokit.paths import ROOT
from exp_samplecnn.plans import needs, samplecnn_plans
from exp_samplecnn.script_options import several

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from exp_samplecnn.learning.planned_training import PlannedTraining

RESULTS = ROOT / "samplecnn_experiments"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the experiment."""
    add = parser.add_argument
    add("--data_path", type=Path, default=ROOT / "data", help="of the datasets (%(default)s)")
    add("--output_path", type=Path, default=RESULTS, help="folder for models, losses and measures (%(default)s)")
    add("--stages", type=cli.positive, default=5, help="of a training (%(default)s)")
    add("--epochs", type=cli.positive, default=100, help="of a stage, at most (%(default)s)")
    add("--patience", type=cli.positive, default=2, help="epochs without improvement that end a stage (%(default)s)")
    add("--batch_size", type=several, default=23, help="(%(default)s)")
    add("--compile", action="store_true", help="torch.compile")
    add_device_option(parser)
    add_mixed_precision_option(parser)


def planned_training(options: Namespace) -> PlannedTraining:
    """What the steps are done with."""
    from audiokit.devices import can_mix_precision, choose_device
    from exp_samplecnn.learning.planned_training import PlannedTraining
    from exp_samplecnn.learning.stages import StageOptions

    device = choose_device(options.device)
    stages = StageOptions(
        batch_size=options.batch_size,
        n_stages=options.stages,
        epochs=options.epochs,
        patience=options.patience,
        device=str(device),
        mixed_precision=options.mixed_precision and can_mix_precision(device),
        compile=options.compile,
    )
    return PlannedTraining(options.output_path, options.data_path, stages)


def configure(experiment: Experiment, options: Namespace) -> Experiment:
    """Make the experiment that the options ask for."""
    return with_methods_of(
        experiment,
        partial(planned_training, options),
        root=options.output_path,
    )


METRICS = (
    Metric("rocauc", title="ROC-AUC", direction="higher", decimals=4),
    Metric("prauc", title="average precision", direction="higher", decimals=4),
    Metric("acc", title="all labels right", direction="higher", decimals=1, percent=True),
    Metric("f1", title="F1 of a clip", direction="higher", decimals=1, percent=True),
    Metric("argmax", title="first label right", direction="higher", decimals=1, percent=True),
)

EXPERIMENT = Experiment(
    name="samplecnn_exp",
    plans=samplecnn_plans(),
    root=RESULTS,
    metrics=METRICS,
    description=__doc__,
    titles={"ratio": "amplifying ratio"},
    pairing=("dataset",),
    needs=needs,
    script=Path(__file__),
    add_arguments=add_arguments,
    configure=configure,
)


if __name__ == "__main__":
    sys.exit(cli.run(partial(experiment_cli.main, EXPERIMENT)))
