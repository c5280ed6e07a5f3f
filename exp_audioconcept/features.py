"""Make the table of features of a collection from its sound, by all cores, and say which features say the same.

The published table can be checked and written with commas instead: --features FILE.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT
from exp_audioconcept import script_options
from exp_audioconcept.places import PROCESSED

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    script_options.add_source_options(parser)
    add = parser.add_argument
    output = PROCESSED / "features.csv"
    add("--output", type=Path, default=output, metavar="FILE", help="table to write (%(default)s)")
    add("--drop-duplicates", action="store_true", help="leave out songs that have the numbers of one before them")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table."""
    options = parse(arguments)
    options.teachers = ROOT
    import numpy as np

    from exp_audioconcept.song_features.selection import uncorrelated
    from exp_audioconcept.song_features.table import read_feature_table, write_feature_table

    source = script_options.source_of(options)
    table = read_feature_table(source.table) if source.table else source.feature_table()
    n_twice = int(np.count_nonzero(~table.is_first))
    if options.drop_duplicates:
        table = table.rows(table.is_first)
    kept = uncorrelated(table.values)
    print(write_feature_table(options.output, table))
    print(f"{len(table.names)} songs of {len(set(table.genres))} genres, {table.values.shape[1]} features")
    if n_twice:
        print(f"{n_twice} songs have all numbers of one before them{': left out' if options.drop_duplicates else ''}")
    dropped = [name for name, is_kept in zip(table.features, kept, strict=True) if not is_kept]
    print(f"an SVM leaves out, since others say the same: {', '.join(dropped) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
