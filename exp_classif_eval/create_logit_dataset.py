"""Score the recordings of a labelled dataset by teachers, on their own Mel spectrograms and on transcoded ones.

Run the same command again to go on with what was stopped, or with further teachers or transcoders to add them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option, add_skip_errors_option, add_workers_option
from teachers.options import add_models_option, add_teacher_weights_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectral_transcoder.classification.score_creation import Summary

TOLD = 20
"""Lines on single recordings, of each kind."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--audio_dataset_name", required=True, metavar="NAME", help="SONYC-UST, URBAN-SOUND-8K, ESC-50 or ESC-10")
    add("--audio_dataset_path", type=Path, default="./", help="folder that holds the dataset's folder")
    add("--output_path", type=Path, default="./spectral_transcoder_data/data", help="folder for the scores")
    add("--teachers", nargs="+", metavar="NAME", help="PANN, YamNet, mn04_as …; by default all whose weights are here")
    add(
        "--transcoders",
        nargs="+",
        default=["self", "cnn", "pinv", "tcn", "paper"],
        metavar="NAME",
        help="what the teachers hear through, or names of your own; trained ones as far as they are here",
    )
    add_models_option(parser)
    add_teacher_weights_option(parser)
    add_workers_option(parser)
    add_device_option(parser, default="cpu")
    add_skip_errors_option(parser)
    add(
        "--paper",
        action="store_true",
        help="as published: the paper's transcoders, and YamNet's given 16 kHz sound as if it had 32 kHz",
    )
    add("--verbose", action="store_true", help="name every recording that is missing")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the scores; 1 where a recording could not be read."""
    options = parse(arguments)
    from audiokit.storage.worker_start import begin_workers

    begin_workers(options.workers, "audiokit.storage.workers", "spectral_transcoder.classification.score_creation")
    with cli.quick_imports():
        from audiokit.devices import choose_device
        from audiokit.errors import UserError
        from exp_classif_eval.labelled_datasets import dataset_named
        from spectral_transcoder.classification.score_creation import create_scores
        from spectral_transcoder.classification.score_file import score_path
        from spectral_transcoder.classification.scored_models import find_models
        from teachers.registry import find_weights, teacher_names

    dataset = dataset_named(options.audio_dataset_name)
    teachers = options.teachers or [name for name in teacher_names() if find_weights(name, options.models)]
    models, notes = find_models(
        teachers,
        options.transcoders,
        folder=options.models,
        teacher_weights=options.teacher_weights,
        paper=options.paper,
    )
    print(*notes, sep="\n", end="\n" if notes else "", file=sys.stderr)
    if not models:
        raise UserError("no teacher is here: get one with python3 download_pretrained_models.py --only yamnet")
    summary = create_scores(
        dataset,
        options.audio_dataset_path,
        score_path(options.output_path, dataset.name, paper=options.paper),
        models,
        workers=options.workers,
        device=str(choose_device(options.device)),
        paper=options.paper,
        skip_errors=options.skip_errors,
    )
    return report(summary, verbose=options.verbose)


def report(summary: Summary, *, verbose: bool = False) -> int:
    """Print what was made and what went wrong."""
    if summary.absent:
        names = f": {', '.join(summary.absent)}" if verbose else " (--verbose names them)"
        print(f"{len(summary.absent)} recordings of the dataset's tables are not here{names}", file=sys.stderr)
    for lines in (summary.notes, [f"left out: {reason}" for reason in summary.unusable.values()]):
        print(*lines[:TOLD], sep="\n", end="\n" if lines else "", file=sys.stderr)
        if len(lines) > TOLD:
            print(f"… and {len(lines) - TOLD} more", file=sys.stderr)
    if not summary.is_complete:
        print(
            f"error: {summary.path} is not completed, for {len(summary.unusable)} recordings cannot be read: mend or "
            "remove them, or add --skip_errors",
            file=sys.stderr,
        )
        return 1
    print(f"{summary.path} ({summary.n_clips} recordings; {', '.join(summary.models)})")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
