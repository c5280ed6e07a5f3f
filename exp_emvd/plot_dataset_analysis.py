"""Draw how long each technique and effect is sung in EMVD, and by how many singers; print the figures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import RESULTS
from exp_emvd.places import FILES
from exp_emvd.script_options import add_metadata_option

if TYPE_CHECKING:
    from collections.abc import Sequence

OUTPUT = RESULTS / "dataset_duration_and_number_of_singers.pdf"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add_metadata_option(parser)
    add("--output", type=Path, default=OUTPUT, metavar="FILE", help=".pdf, .png or .svg (%(default)s)")
    add("--all_ranks", action="store_true", help="count recordings that are not representative (rank 0) as well")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the figure."""
    options = parse(arguments)
    from audiokit.files import make_folder
    from audiokit.reports.figures import save
    from exp_emvd.data.metadata import read_files
    from exp_emvd.figures.dataset_analysis import summary, totals
    from exp_emvd.figures.drawing import analysis_figure

    counted = totals(read_files(options.metadata / FILES.name), all_ranks=options.all_ranks)
    make_folder(options.output.parent)
    save(analysis_figure(counted), options.output)
    print(summary(counted))
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
