"""EMVD: creation of the data set, training steps, and memory, against the original's algorithm.

    python3 benchmarks/bench_emvd.py [--tables creation steps memory] [--files 60] [--repeats 9]

Works on recordings like EMVD's (7.5 s, 48 kHz, 24 bit) that it makes itself; as there, five of seven take part in
the experiments. The original decodes and transforms all of them twice, and stores each chunk for each split; what it
writes is counted, as what we write is. Our steps are those of the package's `Trainer`. Prints Markdown.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from command_line import table_parser

from audiokit import cli

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = ("creation", "steps", "memory")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = table_parser(__doc__, TABLES, repeats=9)
    parser.add_argument("--files", type=int, default=60)
    options = parser.parse_args(arguments)
    with cli.quick_imports():
        from emvd.tables import print_tables

    print_tables(options.tables, n_files=options.files, repeats=options.repeats)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
