"""Train, predict and measure on EMVD by plan: techniques and singers, folds by file and by singer, seeds."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.experiments import experiment_cli
from audiokit.experiments.deferred import with_methods_of
from audiokit.experiments.experiment import Experiment, Metric
from audiokit.paths import ROOT
from exp_emvd.plans import N_SPLITS, emvd_plans, needs
from exp_emvd.script_options import add_training_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from exp_emvd.planned_experiment import PlannedExperiment

RESULTS = ROOT / "emvd_experiments"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the experiment."""
    add = parser.add_argument
    add_training_options(parser)
    add("--output_path", type=Path, default=RESULTS, help="folder for models, losses, predictions (%(default)s)")
    add("--n_splits", type=cli.positive, default=N_SPLITS, help="that the folds of the dataset have (%(default)s)")


def planned_experiment(options: Namespace) -> PlannedExperiment:
    """What the steps are done with."""
    from exp_emvd.planned_experiment import PlannedExperiment

    return PlannedExperiment(
        options.output_path,
        options.dataset,
        batch_size=options.batch_size,
        device=options.device,
        mixed_precision=options.mixed_precision,
        n_splits=options.n_splits,
    )


def configure(experiment: Experiment, options: Namespace) -> Experiment:
    """Make the experiment that the options ask for."""
    return with_methods_of(
        experiment,
        partial(planned_experiment, options),
        plans=emvd_plans(epochs=options.epochs, n_splits=options.n_splits),
        root=options.output_path,
        needs=partial(needs, n_splits=options.n_splits),
    )


def _share(name: str, title: str) -> Metric:
    return Metric(name, title=title, direction="higher", decimals=1, percent=True)


METRICS = (
    _share("micro_accuracy", "recordings right"),
    _share("macro_accuracy", "mean recall"),
    _share("chunk_accuracy", "chunks right"),
    _share("recall_ClearVoice", "Clear Voice"),
    _share("recall_BlackShriek", "Black Shriek"),
    _share("recall_DeathGrowl", "Death Growl"),
    _share("recall_HardcoreScream", "Hardcore Scream"),
    _share("recall_DistortedVoice", "Distorted Voice"),
)

EXPERIMENT = Experiment(
    name="emvd_exp",
    plans=emvd_plans(),
    root=RESULTS,
    metrics=METRICS,
    description=__doc__,
    titles={"epoch": "epochs", "paper": "as the original"},
    pairing=("task", "folds", "split"),
    needs=needs,
    script=Path(__file__),
    add_arguments=add_arguments,
    configure=configure,
)


if __name__ == "__main__":
    sys.exit(cli.run(partial(experiment_cli.main, EXPERIMENT)))
