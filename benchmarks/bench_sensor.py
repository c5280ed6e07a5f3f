"""CPU time and memory of `predict_third_octave.py` on a synthetic day of a sensor, and where the time goes.

    python3 benchmarks/bench_sensor.py --models FOLDER [--hours 24 4 0.2]

FOLDER holds the teachers' weights. Each row is a process of its own on one thread, start-up, table of all scores and
picture included. Only the fastest gets a day; where it is fewer hours, start-up (3 s) is a larger part.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=ROOT)
    parser.add_argument("--hours", type=float, nargs=3, default=(24, 4, 0.2), metavar=("DAY", "PINV", "CNN"))
    options = parser.parse_args(arguments)
    with cli.quick_imports():
        from sensors.speed import print_tables

    print_tables(options.models, options.hours)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
