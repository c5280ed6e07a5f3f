"""Transcode recordings, tag them, and turn the transcoded Mel spectrograms back into sound."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option
from audiokit.paths import AUDIO_GENERATED
from teachers.options import add_models_option, add_teacher_options

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="audio file, or the bare name of one in audio/")
    add("--output", type=Path, default=AUDIO_GENERATED, help="a folder is made in it for each file")
    add_teacher_options(parser, preferred="PANN, YamNet, mn04_as, mn10_as …")
    help_text = (
        "pinv, cnn_mels, cnn_logits, tcn, tcn_clips or tcn_sensors; by default those of the first four that are here"
    )
    add("--transcoders", nargs="+", metavar="NAME", help=help_text)
    add("--iterations", type=cli.positive, default=20, help="of Griffin-Lim")
    add_device_option(parser)
    add_models_option(parser)
    add("--paper", action="store_true", help="make the sounds exactly as the published ones, slips included")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate the folders of all files; 1 where one could not be used."""
    options = parse(arguments)
    with cli.quick_imports():
        from spectral_transcoder.listening.generate import generate_all, prepare

    generator = prepare(
        teacher=options.teacher,
        teacher_weights=options.teacher_weights,
        transcoders=options.transcoders,
        models=options.models,
        device=options.device,
        iterations=options.iterations,
        paper=options.paper,
    )
    return generate_all(generator, options.files, options.output)


if __name__ == "__main__":
    sys.exit(cli.run(main))
