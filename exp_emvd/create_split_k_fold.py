"""Draw folds: which recordings of EMVD networks are trained on, chosen by, and tested on.

Seed 0 and 4 splits give the published folds to the byte. Copy the table over EMVD/split_kfolds.csv, or name it with
--folds, to use it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from exp_emvd.places import FILES, NEW_FOLDS
from exp_emvd.script_options import add_metadata_option

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("-seed", "--seed", type=cli.seed, default=0, help="of both draws, for testing and for validation (%(default)s)")
    add("-n_splits", "--n_splits", type=int, default=4, help="number of splits (%(default)s)")
    add("--by_singer", action="store_true", help="keep all recordings of a singer in one part of a split")
    add_metadata_option(parser)
    add("--output", type=Path, default=NEW_FOLDS, metavar="FILE", help="(%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the folds."""
    options = parse(arguments)
    from exp_emvd.data.folds import draw_folds, write_folds
    from exp_emvd.data.metadata import read_files

    files = read_files(options.metadata / FILES.name)
    folds = draw_folds(files, n_splits=options.n_splits, seed=options.seed, by_singer=options.by_singer)
    print(write_folds(folds, options.output))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
