"""Creation of the training dataset: CPU time against the original's algorithm, and how it grows with processes.

    python3 benchmarks/bench_dataset_creation.py [--files 60] [--repeats 9] [--workers 1 2]

Works on recordings like those of TAU Urban Acoustic Scenes (10 s, 44.1 kHz, 24 bit) that it makes itself. The original
loads each twice with librosa and computes second by second; what it writes afterwards is not counted, what we write is.
Prints Markdown.
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
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args(arguments)
    with cli.quick_imports():
        from features.dataset_creation import print_tables

    print_tables(n_files=options.files, repeats=options.repeats, workers=options.workers)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
