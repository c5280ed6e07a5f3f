"""Tag third-octave levels of sensors: which sources sounded when, without any recording."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spectral_transcoder import cli
from spectral_transcoder.paths import RESULTS, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help=".npy, .h5, .csv or .parquet; a folder of them; - for csv on stdin")
    add("--output", type=Path, default=RESULTS, help="folder for what is made of each file")

    add = parser.add_argument_group("models").add_argument
    add("--teacher", help="mn04_as, YamNet, mn10_as, PANN …; by default the first of these whose weights are there")
    add("--teacher_weights", type=Path, metavar="FILE", help="checkpoint to use in place of the downloaded one")
    add("--transcoder", metavar="NAME", help="tcn, cnn_logits, cnn_mels or pinv; by default the first that is there")
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add("--models", type=Path, default=ROOT, help="folder that download_pretrained_models.py --output was given")
    add(
        "--mixed_precision", action="store_true", help="faster where the processor has bfloat16; scores differ a little"
    )

    group = parser.add_argument_group("calibration (docs/sensor_data.md)")
    add = group.add_mutually_exclusive_group().add_argument
    add("--db_offset", type=float, default=-90, metavar="DB", help="added to levels to make them dB re full scale")
    add("--auto_offset", action="store_true", help="find it: the 99th percentile of all levels becomes 0 dB")

    add = parser.add_argument_group("reading").add_argument
    add("--dataset", default="fast_125ms", help="of HDF5 files")
    add("--time_column", metavar="NAME", help="column of times, or dataset of HDF5 files; by default one called time …")
    add("--cadence", choices=("fast", "slow"), help="125 ms or 1 s; by default what the times say, else fast")
    add("--start", metavar="TIME", help="of the first frame, where a file has no times: 2024-05-01T12:00:00Z")

    add = parser.add_argument_group("results").add_argument
    add("--block", type=cli.positive, default=10, metavar="SECONDS", help="that a row of scores stands for")
    add("--format", choices=("csv", "parquet", "h5"), default="csv", help="of tables")
    add("--top", type=int, default=3, metavar="N", help="labels that the summary names, the highest first")
    add(
        "--groups",
        type=Path,
        metavar="FILE",
        help="csv with the columns label and group; by default traffic, voice, birds",
    )
    add("--threshold", type=float, default=0.2, help="score from which on a group is present")
    add("--summary_only", action="store_true", help="leave out the table of all labels")
    add("--no_picture", action="store_true", help="draw none")
    add(
        "--audio", nargs=2, metavar=("START", "SECONDS"), help="make an excerpt audible; START in s, or a date and time"
    )
    add("--iterations", type=cli.positive, default=20, help="of Griffin-Lim, for --audio")
    options = parser.parse_args(arguments)
    if options.audio:
        options.audio = (options.audio[0], _seconds(parser, options.audio[1]))
    return options


def _seconds(parser: argparse.ArgumentParser, text: str) -> int:
    try:
        return cli.positive(text)
    except (ValueError, argparse.ArgumentTypeError):
        parser.error(f"--audio: SECONDS must be a whole number from 1 up, not {text}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Tag all files; 1 where one could not be used."""
    options = parse(arguments)
    with cli.quick_imports():
        from spectral_transcoder.label_groups import TRAFFIC_VOICE_BIRDS
        from spectral_transcoder.sensor import Reading, Wanted, load_predictor, tag_all

    predictor = load_predictor(
        options.teacher,
        options.transcoder,
        teacher_weights=options.teacher_weights,
        models=options.models,
        device=options.device,
        block_seconds=options.block,
        mixed_precision=options.mixed_precision,
    )
    return tag_all(
        predictor,
        options.files,
        options.output,
        db_offset=None if options.auto_offset else options.db_offset,
        reading=Reading(options.dataset, options.time_column, options.cadence, options.start),
        wanted=Wanted(
            format=options.format,
            n_top=options.top,
            groups=options.groups or TRAFFIC_VOICE_BIRDS,
            threshold=options.threshold,
            all_scores=not options.summary_only,
            picture=not options.no_picture,
            audio=options.audio,
            iterations=options.iterations,
        ),
    )


if __name__ == "__main__":
    sys.exit(cli.run(main))
