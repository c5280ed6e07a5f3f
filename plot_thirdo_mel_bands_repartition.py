"""Draw where the bands of the teachers and of the sensors lie on the frequency axis."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import RESULTS

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder for the PNG")
    options = parser.parse_args(arguments)
    from audiokit.files import make_folder
    from audiokit.reports.figures import save
    from spectral_transcoder.listening.paper_figures import band_repartition_figure

    path = make_folder(options.output) / "thirdo_mel_bands_repartition.png"
    save(band_repartition_figure(), path)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
