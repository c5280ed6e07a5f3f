"""Test a model on labelled recordings, or let it answer for others: JSON as in the competition, measures, pictures.

Answers have the path of each recording below the folder of the dataset as their name. Thresholds are those that were
tuned on the validation set of the training; nothing is tuned here.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    paths = "irmastest, irmastrain, openmic or csv before a colon; without, recordings that have no labels"
    add("--dataset-paths", nargs="+", required=True, metavar="[TYPE:]PATH", help=paths)
    add("--ckpt", type=Path, required=True, metavar="FILE", help="model that train.py has made")
    add("--out-dir", type=Path, default=ROOT / "export" / "lumen", metavar="FOLDER", help="(%(default)s)")
    add("--aggregation", choices=("mean", "union"), help="of pieces; as it was trained, or union as the original")
    add("--prediction-threshold", type=float, metavar="T", help="for all instruments, in place of the model's own")
    add("--batch-size", type=cli.positive, default=8, help="(%(default)s)")
    add("--no-pictures", action="store_true")
    add_device_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Test; 1 where a recording could not be read."""
    options = parse(arguments)
    with cli.quick_imports():
        from exp_lumen.evaluation.loading import load_for_use
        from exp_lumen.evaluation.measures import summary
        from exp_lumen.evaluation.testing import names_of, run_on

    names = names_of(options.dataset_paths)
    model, aggregation = load_for_use(
        options.ckpt,
        device=options.device,
        aggregation=options.aggregation,
        threshold=options.prediction_threshold,
    )
    status = 0
    for dataset, name in zip(options.dataset_paths, names, strict=True):
        tested = run_on(
            model,
            dataset,
            options.out_dir,
            name=name,
            aggregation=aggregation,
            batch_size=options.batch_size,
            pictures=not options.no_pictures,
        )
        print(f"{dataset}: {len(tested.answers)} recordings, pieces put together by {aggregation}")
        if tested.measures:
            print(summary(tested.measures))
        status |= bool(tested.unreadable)
    print(options.out_dir)
    return status


if __name__ == "__main__":
    sys.exit(cli.run(main))
