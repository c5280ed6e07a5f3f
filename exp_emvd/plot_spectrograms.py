"""Draw spectrograms of one second of each technique and effect."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import RESULTS
from exp_emvd.script_options import add_audio_option

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add_audio_option(parser)
    output = RESULTS / "spectrograms.pdf"
    add("--output", type=Path, default=output, metavar="FILE", help=".pdf, .png or .svg (%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the figure."""
    options = parse(arguments)
    from audiokit.files import make_folder
    from audiokit.reports.figures import save
    from exp_emvd.figures.drawing import spectrograms_figure
    from exp_emvd.figures.spectrogram_examples import BIN_HZ, SECONDS, example_magnitudes

    figure = spectrograms_figure(example_magnitudes(options.audio), seconds=SECONDS, bin_hz=BIN_HZ)
    make_folder(options.output.parent)
    save(figure, options.output)
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
