"""Tag third-octave levels of sensors: which sources sounded when, without any recording."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option, add_mixed_precision_option
from audiokit.paths import RESULTS
from teachers.options import add_foreground_option, add_models_option, add_teacher_options

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="file of levels, a folder of them, or - (docs/sensor_data.md)")
    add("--output", type=Path, default=RESULTS, help="folder for what is made of each file")
    help_text = "3/10: every tenth file by its name, beginning with the third; all other shares do the others"
    add("--share", type=_share, default="1/1", metavar="K/N", help=help_text)
    add("--live", action="store_true", help="of one file that grows, or of -: print a line of JSON for each block")
    _add_models(parser.add_argument_group("models"))
    _add_calibration(parser.add_argument_group("calibration (docs/sensor_data.md)"))
    _add_reading(parser.add_argument_group("reading"))
    _add_results(parser.add_argument_group("results"))
    options = parser.parse_args(arguments)
    if options.live and (len(options.files) > 1 or any((options.auto_offset, options.calibrator, options.audio))):
        parser.error("--live takes one file or -, and no --auto_offset, --calibrator or --audio: these need all of it")
    if options.audio:
        options.audio = (options.audio[0], _seconds(parser, options.audio[1]))
    return options


def _add_models(group: argparse._ArgumentGroup) -> None:
    add_teacher_options(group, preferred="mn04_as, YamNet, mn10_as, PANN …")
    group.add_argument(
        "--transcoder",
        metavar="NAME",
        help="tagger (mn04_as: on request), tcn_sensors, tcn, cnn_logits, cnn_mels or pinv; the first there is",
    )
    add_device_option(group)
    add_models_option(group)
    add_mixed_precision_option(group, effect="faster where the processor has bfloat16; scores differ a little")
    add_foreground_option(group)


def _add_calibration(group: argparse._ArgumentGroup) -> None:
    add = group.add_mutually_exclusive_group().add_argument
    add("--db_offset", type=cli.finite, default=-90, metavar="DB", help="added to levels to make them dB re full scale")
    add("--auto_offset", action="store_true", help="find it: the 99th percentile of all levels becomes 0 dB")
    help_text = "correct levels by a calibrator of so many dB at 1 kHz that sounded in a file; 94 where nothing is said"
    group.add_argument("--calibrator", type=float, nargs="?", const=94.0, choices=(94, 114), help=help_text)


def _add_reading(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--dataset", help="of HDF5 files; by default fast_125ms, or the only one with levels")
    help_text = "column of times, or dataset of HDF5 files; by default found by its cells"
    add("--time_column", metavar="NAME", help=help_text)
    add("--cadence", choices=("fast", "slow"), help="125 ms or 1 s; by default what the times say, else fast")
    add("--start", metavar="TIME", help="of the first frame, where times have no date: 2024-05-01T12:00:00Z")
    add("--zone", help="of times that have none: Europe/Paris, UTC, +02:00")
    add("--date_order", choices=("ymd", "dmy", "mdy"), help="of year, month and day, where dates do not tell")
    add("--weighting", choices=("A", "C", "Z"), help="of the bands, where their names do not tell; it is taken off")
    add("--meter", help="that wrote the file, where it does not tell: nti, norsonic, cirrus, nvspl …")
    add("--unreadable", type=cli.share, default=0.05, metavar="SHARE", help="of rows, that may be unreadable")


def _add_results(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--block", type=cli.positive, default=10, metavar="SECONDS", help="that a row of scores stands for")
    add("--format", choices=("csv", "parquet", "h5"), default="csv", help="of tables")
    add("--top", type=int, default=3, metavar="N", help="labels that the summary names, the highest first")
    help_text = "csv with the columns label and group; by default traffic, voice, birds"
    add("--groups", type=Path, metavar="FILE", help=help_text)
    add(
        "--threshold",
        type=_threshold,
        action="append",
        default=[],
        metavar="[GROUP=]VALUE",
        help="score from which on a group, or all, is present; by default what was chosen on annotated sensors",
    )
    add("--probabilities", action="store_true", help="write how probable the presence of each group is")
    add("--summary_only", action="store_true", help="leave out the table of all labels")
    add("--no_picture", action="store_true", help="draw none")
    help_text = "make an excerpt audible; START in s, or a date and time"
    add("--audio", nargs=2, metavar=("START", "SECONDS"), help=help_text)
    add("--iterations", type=cli.positive, default=20, help="of Griffin-Lim, for --audio")


def _share(text: str) -> tuple[int, int]:
    """Which of how many shares."""
    number, _, n_shares = text.partition("/")
    share = int(number), int(n_shares)
    if not 1 <= share[0] <= share[1]:
        raise argparse.ArgumentTypeError(f"{text} is no share: they go from 1/N to N/N")
    return share


def _threshold(text: str) -> tuple[str, float]:
    """A group, none for all, and its threshold."""
    group, _, value = text.rpartition("=")
    return group, cli.share(value)


def _seconds(parser: argparse.ArgumentParser, text: str) -> int:
    try:
        return cli.positive(text)
    except (ValueError, argparse.ArgumentTypeError):
        parser.error(f"--audio: SECONDS must be a whole number from 1 up, not {text}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Tag all files; 3 where one of several could not be used, 1 where none could."""
    options = parse(arguments)
    with cli.quick_imports():
        from spectral_transcoder.sensor import Reading, Wanted, follow, load_predictor, prepare_tagger, tag_all
        from spectral_transcoder.sensor.presence.thresholds import PRESENCE_LABELS

    predictor = load_predictor(
        options.teacher,
        options.transcoder,
        teacher_weights=options.teacher_weights,
        models=options.models,
        device=options.device,
        block_seconds=options.block,
        mixed_precision=options.mixed_precision,
        foreground=options.foreground,
    )
    reading = Reading(
        dataset=options.dataset,
        time_column=options.time_column,
        cadence=options.cadence,
        start=options.start,
        zone=options.zone,
        date_order=options.date_order,
        weighting=options.weighting,
        meter=options.meter,
        unreadable=options.unreadable,
    )
    wanted = Wanted(
        format=options.format,
        n_top=options.top,
        groups=options.groups or PRESENCE_LABELS,
        threshold=dict(options.threshold).get(""),
        thresholds={group: value for group, value in options.threshold if group},
        probabilities=options.probabilities,
        all_scores=not options.summary_only,
        picture=not options.no_picture,
        audio=options.audio,
        iterations=options.iterations,
    )
    if options.live:
        follow(prepare_tagger(predictor, db_offset=options.db_offset, reading=reading, wanted=wanted), options.files[0])
        return 0
    db_offset = None if options.auto_offset else options.db_offset
    how = {"db_offset": db_offset, "calibrator": options.calibrator, "reading": reading, "wanted": wanted}
    return tag_all(predictor, options.files, options.output, share=options.share, **how)


if __name__ == "__main__":
    sys.exit(cli.run(main))
