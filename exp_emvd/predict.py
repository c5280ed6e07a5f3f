"""Hear which technique is sung when, in any recordings: a table, a picture and a page of each."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option
from audiokit.paths import RESULTS, ROOT
from exp_emvd.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="recordings of singing, or names of such in audio/")
    add("-exp", "--exp", choices=tuple(TASKS), default="t_multiclass", help="whose networks (%(default)s)")
    add("--models", type=Path, default=ROOT, metavar="FOLDER", help="the --output of experiment.py (%(default)s)")
    add("--model", type=Path, metavar="FILE", help="one network in place of the mean of those of all splits")
    add("--paper", action="store_true", help="networks that were trained with --paper, or by the original")
    add("--output", type=Path, default=RESULTS / "emvd", metavar="FOLDER", help="(%(default)s)")
    add_device_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is heard; 1 where a recording could not be used."""
    options = parse(arguments)
    with cli.quick_imports():
        from audiokit.devices import choose_device
        from audiokit.labels.prediction import predict_all
        from exp_emvd.evaluation.predictions import EXPERIMENT
        from exp_emvd.learning.experiment_files import ExperimentFiles, check_model
        from exp_emvd.learning.listener import SingingListener, trained_models

    models = [options.model] if options.model else trained_models(ExperimentFiles(options.models, options.exp))
    for path in models:
        expected = {EXPERIMENT: options.exp, "paper": options.paper}
        check_model(path, expected, remedy="give -exp and --paper as it was trained, or another model")
    device = str(choose_device(options.device))
    listener = SingingListener(models, TASKS[options.exp], paper=options.paper, device=device)
    notes = [f"Networks: {', '.join(path.name for path in models)}. One label is given to every second of sound."]
    return predict_all(listener, options.files, options.output, notes=notes)


if __name__ == "__main__":
    sys.exit(cli.run(main))
