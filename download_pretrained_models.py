"""Download the pretrained models: classifiers, EfficientNet weights and the paper's transcoders."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.download.pretrained import describe, download_models, read_registry
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        help="models to fetch, or folders to fetch all models of, as --list shows them "
        "(default: the models marked there as default)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT,
        metavar="FOLDER",
        help="folder below which each file goes to its own place (default: %(default)s)",
    )
    parser.add_argument(
        "--list", action="store_true", help="show which models there are and which are here; fetch nothing"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch models; 1 if any of them could not be."""
    options = parser().parse_args(arguments)
    if options.list:
        print(describe(read_registry().values(), options.output))
        return 0
    report = download_models(options.only, options.output)
    print(f"in {options.output}: {', '.join(model.name for model in report.ready) or 'nothing'}")
    for line in report.failure_lines():
        print(f"failed: {line}", file=sys.stderr)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
