"""Train networks on EMVD, predict, and measure: techniques (t_multiclass, t_binary) or singers (s_classif, …).

Stopped with Ctrl-C, killed or out of time, the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from audiokit.paths import ROOT
from exp_emvd.script_options import add_training_options
from exp_emvd.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exp_emvd.learning.emvd_experiment import EmvdExperiment

STEPS = ("train", "eval", "metric")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("-exp", "--exp", required=True, choices=tuple(TASKS), help="what is told apart, and from what")
    add("-step", "--step", required=True, choices=STEPS, help="what to do")
    add_training_options(parser)
    add("--output", type=Path, default=ROOT, metavar="FOLDER", help="of model/, losses/, outputs/, results/")
    add("--splits", type=int, nargs="+", metavar="N", help="from 0; all by default")
    add("--seed", type=cli.seed, default=0, help="of first weights, draws and dropout (%(default)s)")
    add("--by_singer", action="store_true", help="folds in which no singer is both trained on and tested on")
    add("--paper", action="store_true", help="as the original does, with the faults of its evaluation")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do a step."""
    options = parse(arguments)
    if options.step == "metric":
        return _measure(options)
    experiment = _experiment(options)
    for split in _splits(options.splits, list(experiment.data.parts)):
        if unheard := experiment.data.unheard_labels(experiment.task, split):
            print(f"split{split} is tested on {', '.join(unheard)}, but not trained on that", file=sys.stderr)
        if options.step == "train":
            experiment.train(split)
            print(experiment.files.model(split))
        else:
            experiment.evaluate(split)
            shared, tested = experiment.data.shared_singers(experiment.task, split)
            print(f"split{split}: {shared} of {tested} singers that are tested on are heard in training")
    if options.step == "eval":
        print(experiment.files.predictions)
    return 0


def _name(options: argparse.Namespace) -> str:
    return f"{options.exp}_by_singer" if options.by_singer else options.exp


def _experiment(options: argparse.Namespace) -> EmvdExperiment:
    with cli.quick_imports():
        from audiokit.devices import can_mix_precision, choose_device
        from exp_emvd.learning.emvd_experiment import EmvdExperiment
        from exp_emvd.learning.experiment_files import ExperimentFiles
        from exp_emvd.learning.split_data import read_data

    device = choose_device(options.device)
    return EmvdExperiment(
        TASKS[options.exp],
        read_data(options.dataset, by_singer=options.by_singer),
        ExperimentFiles(options.output, _name(options)),
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
        device=str(device),
        paper=options.paper,
        mixed_precision=options.mixed_precision and can_mix_precision(device),
    )


def _splits(wanted: Sequence[int] | None, known: Sequence[int]) -> Sequence[int]:
    if unknown := [split for split in wanted or () if split not in known]:
        raise UserError(f"there is no split {unknown[0]}: choose among {', '.join(map(str, known))}")
    return wanted or known


def _measure(options: argparse.Namespace) -> int:
    from exp_emvd.evaluation.measures import measure, original_text, report
    from exp_emvd.evaluation.predictions import pooled, read_predictions
    from exp_emvd.learning.experiment_files import ExperimentFiles

    files = ExperimentFiles(options.output, _name(options))
    task = TASKS[options.exp]
    predictions = read_predictions(files.predictions, task)
    splits = _splits(options.splits, list(predictions))
    if missing := sorted(set(range(max(predictions) + 1)) - set(predictions)):
        print(f"{files.predictions} has no split {', '.join(map(str, missing))}: the others count", file=sys.stderr)
    measures = measure(
        pooled({split: predictions[split] for split in splits}),
        task.shown,
        by_score=not options.paper,
    )
    print(original_text(measures) if options.paper else report(measures))
    if not options.by_singer and options.exp.startswith("t_"):
        print("singers are heard in training and in testing: --by_singer tells how new ones are heard", file=sys.stderr)
    if options.exp == "t_multiclass":
        from exp_emvd.figures.confusion_picture import write_confusions

        print(write_confusions(measures, options.output / "results", name=_name(options), paper=options.paper))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
