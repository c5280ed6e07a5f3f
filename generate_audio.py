"""Transcode recordings, tag them, and turn the transcoded Mel spectrograms back into sound."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spectral_transcoder import cli
from spectral_transcoder.paths import AUDIO_GENERATED, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="audio file, or the bare name of one in audio/")
    add("--output", type=Path, default=AUDIO_GENERATED, help="a folder is made in it for each file")
    add("--teacher", help="PANN, YamNet, mn04_as, mn10_as …; by default the first of these whose weights are there")
    add("--teacher_weights", type=Path, metavar="FILE", help="checkpoint to use in place of the downloaded one")
    add("--transcoders", nargs="+", metavar="NAME", help="pinv, cnn_mels, cnn_logits, tcn; by default all here")
    add("--iterations", type=cli.positive, default=20, help="of Griffin-Lim")
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add("--models", type=Path, default=ROOT, help="folder that download_pretrained_models.py --output was given")
    add("--paper", action="store_true", help="make the sounds exactly as the published ones, slips included")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate the folders of all files; 1 where one could not be used."""
    options = parse(arguments)
    with cli.quick_imports():
        from spectral_transcoder.generate import generate_all, prepare

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
