"""Tell what it is worth to have heard a singer before.

For all recordings that networks were tested on: how often they are told right, by how many recordings of the same
singer in the same technique were in training; and how often they would be if that did not matter.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT
from exp_emvd.places import FILES, FOLDS
from exp_emvd.script_options import add_folds_option, add_metadata_option
from exp_emvd.tasks import TASKS, TECHNIQUE_TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("-exp", "--exp", choices=TECHNIQUE_TASKS, default=TECHNIQUE_TASKS[0], help="whose predictions (%(default)s)")
    add("--output", type=Path, default=ROOT, metavar="FOLDER", help="of outputs/, as for experiment.py (%(default)s)")
    add("--paper", action="store_true", help="ties between votes by the alphabet, as in the original")
    add_metadata_option(parser)
    add_folds_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    options = parse(arguments)
    from exp_emvd.data.folds import read_folds
    from exp_emvd.data.metadata import read_files
    from exp_emvd.evaluation.heard_singers import chance_of_trend, heard_and_right, table_text, tabulate
    from exp_emvd.evaluation.predictions import read_predictions
    from exp_emvd.learning.experiment_files import ExperimentFiles

    files = read_files(options.metadata / FILES.name)
    folds = read_folds(files, options.folds or options.metadata / FOLDS.name)
    splits = read_predictions(ExperimentFiles(options.output, options.exp).predictions, TASKS[options.exp])
    found = heard_and_right(files.merge(folds, on="file_name"), splits, by_score=not options.paper)
    print(table_text(tabulate(*found), chance_of_trend(*found)))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
