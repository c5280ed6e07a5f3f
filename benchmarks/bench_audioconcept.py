"""AudioConcept: features of a song, an epoch of the CNN, and an explanation, against the original's way.

    python3 benchmarks/bench_audioconcept.py [--tables features epoch explain] [--repeats 5] [--teachers FOLDER]

Works on 30 s of chords with a beat that it makes itself. Prints Markdown.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from command_line import table_parser

from audiokit import cli
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = ("features", "epoch", "explain")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = table_parser(__doc__, TABLES, repeats=5)
    parser.add_argument("--teachers", type=Path, default=ROOT, metavar="FOLDER", help="of the teachers' weights")
    options = parser.parse_args(arguments)
    with cli.quick_imports():
        from audioconcept.tables import print_tables

    print_tables(options.tables, repeats=options.repeats, teachers=options.teachers)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
