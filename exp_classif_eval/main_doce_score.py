"""Classify labelled recordings by a teacher's scores, and show the results: the paper's second experiment."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from audiokit.experiments import experiment_cli
from audiokit.experiments.deferred import with_methods_of
from audiokit.experiments.experiment import Experiment, Metric
from audiokit.experiments.journal import journals, other_options
from audiokit.paths import ROOT
from exp_classif_eval.labelled_datasets import dataset_named
from exp_classif_eval.plans import classification_plans, needs

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from spectral_transcoder.classification.classification_experiment import ClassificationExperiment

DATA = ROOT / "spectral_transcoder_data"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of classification."""
    add = parser.add_argument
    add("--data_path", type=Path, default=DATA / "data", help="folder of the scores (%(default)s)")
    add("--output_path", type=Path, help="folder for heads, predictions and metrics")
    add("--classifiers", nargs="+", default=[], metavar="NAME", help="further teachers, as modalities")
    add("--transcoders", nargs="+", default=[], metavar="NAME", help="further transcoders, likewise")
    add("--paper", action="store_true", help="take the scores of create_logit_dataset.py --paper")


def output_path(options: Namespace) -> Path:
    """Where results go: those of the original's scores have a folder of their own.

    Raises
    ------
    UserError
        where those of the others are in the folder that is named.
    """
    name = "classif_exp_paper" if options.paper else "classif_exp"
    path = options.output_path or DATA / "classification_experiments" / name
    if any(other_options(journal, vars(options), ["paper"]) for journal in journals(path)[:1]):
        kind = "without" if options.paper else "with"
        raise UserError(f"{path} holds results that were computed {kind} --paper: name another --output_path")
    return path


def classification_experiment(options: Namespace) -> ClassificationExperiment:
    """What the steps are done with."""
    from spectral_transcoder.classification.classification_experiment import ClassificationExperiment

    return ClassificationExperiment(
        root=output_path(options), data=options.data_path, dataset_named=dataset_named, paper=options.paper
    )


def configure(experiment: Experiment, options: Namespace) -> Experiment:
    """Make the experiment that the options ask for."""
    return with_methods_of(
        experiment,
        partial(classification_experiment, options),
        others=("lacks",),
        plans=classification_plans(classifiers=options.classifiers, transcoders=options.transcoders),
        root=output_path(options),
    )


METRICS = (
    Metric("acc_classif", title="accuracy", direction="higher", decimals=1, percent=True),
    Metric("macro_auprc", title="macro-AUPRC", direction="higher", decimals=2, significance=False),
)

EXPERIMENT = Experiment(
    name="classif_exp",
    plans=classification_plans(),
    root=DATA / "classification_experiments" / "classif_exp",
    metrics=METRICS,
    description=__doc__,
    needs=needs,
    script=Path(__file__),
    add_arguments=add_arguments,
    configure=configure,
)


if __name__ == "__main__":
    sys.exit(cli.run(partial(experiment_cli.main, EXPERIMENT)))
