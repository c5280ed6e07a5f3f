"""Speed of training: steps, input pipeline, and on a GPU the paper's whole plan, against the original's algorithm.

    python3 benchmarks/bench_training.py [--models FOLDER] [--teachers YamNet mn04_as PANN] [--repeats 5]
    python3 benchmarks/bench_training.py --tables device --device cuda [--steps 200] [--curves FOLDER]

Works on a dataset that it makes itself. FOLDER holds what `download_pretrained_models.py` gets; teachers that are not
there have random weights. Our steps are those of the package's `Trainer`. Prints Markdown.
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

TABLES = ("steps", "pipeline", "device")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=ROOT)
    parser.add_argument("--teachers", nargs="+", default=["YamNet"], help="of CNN-logits on the CPU; PANN is slow")
    parser.add_argument("--tables", nargs="+", choices=TABLES, help="all by default; device only where there is a GPU")
    parser.add_argument("--device", default="auto", help="of the tables named device")
    parser.add_argument("--eager", action="store_true", help="without torch.compile on the device")
    parser.add_argument("--curves", type=Path, help="folder for the loss curves on the device")
    parser.add_argument("--chunks", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=100, help="of each training on the device, after a fifth more")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args(arguments)
    with cli.quick_imports():
        from training.tables import print_tables

    print_tables(options)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
