"""CPU time of the features, on one thread: this package, the baseline and other packages side by side.

    python3 benchmarks/bench_features.py [--seconds 60] [--repeats 15]

Prints Markdown. A time is the median of the calls. A ratio is the median, and in brackets the interquartile range, of
the ratios of turns that two tasks take one after the other. The other packages are in `requirements-peers.txt`.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from audiokit import cli

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="of sound (default: 60)")
    parser.add_argument("--repeats", type=int, default=15, help="calls of each task (default: 15)")
    parser.add_argument("--only", default="", metavar="TEXT", help="tables whose title holds this")
    options = parser.parse_args(arguments)
    with cli.quick_imports():
        from features.tables import print_tables

    print_tables(options.seconds, repeats=options.repeats, only=options.only)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
