"""Compare models of genres on the same songs, by plan: model, split and seed, and the seeds together.

The published comparison tests the SVM on a random split and the networks on the fault-filtered one; here all are
tested on all.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.experiments import experiment_cli
from audiokit.experiments.deferred import with_methods_of
from audiokit.experiments.experiment import Experiment, Metric
from audiokit.options import add_device_option, add_skip_errors_option, add_workers_option
from audiokit.paths import ROOT
from exp_audioconcept import script_options
from exp_audioconcept.places import GTZAN, STORES
from exp_audioconcept.plans import SEEDS, genre_plans, needs

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from exp_audioconcept.planned_experiment import PlannedExperiment

RESULTS = ROOT / "exp_audioconcept" / "reports" / "comparison"

DECIDING = ("data", "features", "groups", "epochs", "audio_length", "adaptive", "no_augmentation")
"""Options on which a model depends, and what it is tested on."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the experiment."""
    add = parser.add_argument
    add("--data", type=Path, default=GTZAN, metavar="FOLDER", help="a folder of songs for each genre (%(default)s)")
    add("--features", type=Path, metavar="FILE", help="table of features for the SVM, in place of the songs' sound")
    add("--groups", type=Path, metavar="FILE", help="table of filename and artist, for the split grouped")
    add("--output_path", type=Path, default=RESULTS, help="folder for models and figures (%(default)s)")
    add("--stores", type=Path, default=STORES, metavar="FOLDER", help="for what is made of the songs once")
    add("--teachers", type=Path, default=ROOT, metavar="FOLDER", help="of the teachers' weights")
    add("--teacher_names", nargs="+", default=[], metavar="NAME", help="further ones for heads, as modalities")
    add("--seeds", type=cli.seed, nargs="+", default=list(SEEDS), help="(0 1 2 3 4)")
    add("--epochs", type=cli.positive, help="most epochs of a network (60)")
    script_options.add_length_option(parser)
    add("--adaptive", action="store_true", help="let the last pool of a CNN take sounds of other lengths")
    add("--no-augmentation", action="store_true", help="learn from stored spectrograms: faster, of unchanged songs")
    add_workers_option(parser)
    add_skip_errors_option(parser)
    add_device_option(parser)


def planned_experiment(options: Namespace) -> PlannedExperiment:
    """What the steps are done with."""
    from audiokit.devices import choose_device
    from exp_audioconcept.classifiers.materials import Source
    from exp_audioconcept.planned_experiment import PlannedExperiment

    source = Source(
        folder=options.data,
        table=options.features,
        groups=options.groups,
        stores=options.stores,
        teachers=options.teachers,
        workers=options.workers,
        skip_errors=options.skip_errors,
    )
    given = {"epochs": options.epochs, "length": script_options.length_of(options.audio_length)}
    changes = {name: value for name, value in given.items() if value is not None}
    changes |= {"adaptive": options.adaptive, "augmented": not options.no_augmentation}
    return PlannedExperiment(
        options.output_path, source, tuple(options.seeds), changes, str(choose_device(options.device))
    )


def configure(experiment: Experiment, options: Namespace) -> Experiment:
    """Make the experiment that the options ask for."""
    return with_methods_of(
        experiment,
        partial(planned_experiment, options),
        plans=genre_plans(seeds=options.seeds, teachers=options.teacher_names),
        root=options.output_path,
        needs=partial(needs, seeds=options.seeds),
    )


def _share(name: str, title: str, *, significance: bool = False) -> Metric:
    return Metric(name, title=title, direction="higher", decimals=1, percent=True, significance=significance)


METRICS = (
    _share("accuracy", "songs right", significance=True),
    _share("lowest", "at least"),
    _share("highest", "at most"),
    _share("macro_f1", "macro F1"),
    _share("chance", "most frequent genre"),
)

EXPERIMENT = Experiment(
    name="audioconcept",
    plans=genre_plans(),
    root=RESULTS,
    metrics=METRICS,
    description=__doc__,
    needs=needs,
    pairing=("split", "seed"),
    deciding=lambda setting: DECIDING,
    script=Path(__file__),
    add_arguments=add_arguments,
    configure=configure,
)


if __name__ == "__main__":
    sys.exit(cli.run(partial(experiment_cli.main, EXPERIMENT)))
