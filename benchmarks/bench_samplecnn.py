"""SampleCNN: loading recordings, training steps, memory and reading, against the original's way in plain Python.

    peers/bin/python benchmarks/bench_samplecnn.py [--tables store errors steps losses memory reading]

Works on recordings that it makes itself. The store's baseline is librosa with `kaiser_best`, which needs resampy
(`requirements-peers.txt`); that of steps is the network in plain PyTorch. Our steps are those of the package's
`Trainer`. Prints Markdown.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from command_line import table_parser

from audiokit import cli

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = ("store", "errors", "steps", "losses", "memory", "reading")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    options = table_parser(__doc__, TABLES, repeats=5).parse_args(arguments)
    with cli.quick_imports():
        from samplecnn.tables import print_tables

    print_tables(options.tables, repeats=options.repeats)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
