"""Is anything slower than it was? Features, a dataset and training steps by this checkout and by an earlier commit.

    python3 benchmarks/bench_commits.py COMMIT [--launches 5] [--pairs 5] [--only TEXT] [--models FOLDER]

Both take turns, on one thread, in new processes for each launch; a ratio is the median of the launches'.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", metavar="COMMIT", help="that this checkout is compared with")
    parser.add_argument("--launches", type=cli.positive, default=5)
    parser.add_argument("--pairs", type=cli.positive, default=5, help="of calls in a launch")
    parser.add_argument("--only", default="", metavar="TEXT", help="tasks whose name holds this")
    parser.add_argument("--models", type=Path, default=ROOT, help="folder of the teachers' weights")
    options = parser.parse_args(arguments)
    from commits.turns import checkout, compare, ratio_table

    with tempfile.TemporaryDirectory() as folder, checkout(options.commit, ROOT, Path(folder)) as before:
        times = compare(before, ROOT, options.models, launches=options.launches, pairs=options.pairs, only=options.only)
    print(ratio_table(times))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
