"""Lumen: features, inference of a minute, and whether training waits for its data, CPU time on one core.

    python3 benchmarks/bench_lumen.py [--tables features inference data augmentation] [--repeats 9]

The plain pipeline is librosa's, as the original's: a recording is decoded, resampled and transformed in every epoch.
Ours stores samples once, and transforms them in batches. Recordings are of noise, stereo, at 44.1 kHz, as IRMAS's are.
Teachers have random weights where their own are not here, which costs the same. Prints Markdown.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from command_line import table_parser

from audiokit import cli

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = ("features", "inference", "data", "augmentation")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    options = table_parser(__doc__, TABLES, repeats=9).parse_args(arguments)
    with cli.quick_imports():
        from lumen.tables import print_tables

    print_tables(options.tables, repeats=options.repeats)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
