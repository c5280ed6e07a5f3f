"""The baseline: train a support vector machine for each instrument, and test them on other recordings.

Thresholds are tuned on the validation set. Prints the measures that run_test.py prints, and writes all of them, and the
answers as in the competition.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_skip_errors_option, add_workers_option
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--train-paths", nargs="+", required=True, metavar="TYPE:PATH", help="as train.py takes them")
    add("--val-paths", nargs="+", required=True, metavar="TYPE:PATH")
    add("--test-paths", nargs="+", required=True, metavar="TYPE:PATH")
    add("--kernel", choices=("rbf", "linear"), default="rbf")
    add("--C", type=float, default=1.0, help="how little errors are allowed (%(default)s)")
    add("--out-dir", type=Path, default=ROOT / "export" / "lumen_svm", metavar="FOLDER", help="(%(default)s)")
    add_skip_errors_option(parser)
    add_workers_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and test."""
    options = parse(arguments)
    with cli.quick_imports():
        from audiokit.errors import UserError
        from exp_lumen.baseline.testing import run_baseline
        from exp_lumen.evaluation.measures import summary

    if not options.C > 0:
        raise UserError(f"--C {options.C} must be above 0")
    paths = {"train": options.train_paths, "valid": options.val_paths, "test": options.test_paths}
    measured = run_baseline(
        paths,
        options.out_dir,
        kernel=options.kernel,
        strength=options.C,
        workers=options.workers,
        skip_errors=options.skip_errors,
    )
    print(summary(measured))
    print(options.out_dir)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
