"""Export the paper's tables: six models for each teacher, as export/results_training_<teacher>.png."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_table_options
from exp_train_model.experiment_sizes import TABLE_MODELS, selector
from exp_train_model.main_doce_training import EXPERIMENT, add_arguments, configure
from exp_train_model.plans import CLASSIFIERS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--dataset", default="full", help="full, urban, TEST or one of your own")
    add("--epoch", type=int, default=200, help="of training")
    add("--classifiers", nargs="+", default=list(CLASSIFIERS), metavar="NAME", help="teachers to make a table for")
    add_table_options(parser)
    add_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables; 1 where there is none."""
    options = parse(arguments)
    if options.dataset not in ("full", "urban", "TEST"):
        options.datasets = [*options.datasets, options.dataset]
    from audiokit.experiments.results import result_rows, result_table
    from audiokit.experiments.selection import select
    from audiokit.experiments.tables.writing import write_table
    from exp_train_model.published_results import published_rows

    experiment = configure(EXPERIMENT, options)
    written = []
    for classifier in options.classifiers:
        settings = [
            setting
            for model in TABLE_MODELS
            for setting in select(
                selector(model, dataset=options.dataset, classifiers=[classifier], epoch=options.epoch, step="metric"),
                experiment.plans,
            )
        ]
        found = result_rows(settings, experiment.metrics, is_done=experiment.is_done)
        if found.n_missing:
            print(f"{classifier}: {found.n_missing} of {len(settings)} models have no result yet", file=sys.stderr)
        if found.n_stale:
            print(f"{classifier}: {found.stale_line}", file=sys.stderr)
        if found.rows:
            extra = published_rows(classifier) if options.with_paper else ()
            table = result_table(experiment, found.rows, extra_rows=extra, extra_heading="published (TAU 2020 Mobile)")
            written.append(write_table(table, options.output / f"results_training_{classifier}.{options.ext}"))
    print("\n".join(map(str, written)))
    return 0 if written else 1


if __name__ == "__main__":
    sys.exit(cli.run(main))
