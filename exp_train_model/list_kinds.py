"""List what a teacher hears in recordings above all: make_scenes.py --kinds then has each kind about as often.

Run the same command again to go on with what was stopped, or when recordings have been added or replaced.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from audiokit.options import add_workers_option
from teachers.options import add_models_option, add_teacher_weights_option

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLD = 20
"""Lines on single recordings."""

WRITTEN_EVERY = 500
"""Recordings, that no more than these are listened to again after whatever happens."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("folders", nargs="+", type=Path, metavar="FOLDER", help="recordings, as make_scenes.py is given them")
    add("--output", type=Path, required=True, metavar="CSV", help="table for the kinds")
    add("--teacher", default="YamNet", help="who listens")
    add_teacher_weights_option(parser)
    add_models_option(parser)
    add("--skip_errors", action="store_true", help="end well though recordings could not be read")
    add_workers_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table; 1 where a recording could not be read."""
    options = parse(arguments)
    from tqdm import tqdm

    from audiokit.files import make_folder
    from audiokit.storage.worker_start import available_cores
    from audiokit.storage.workers import results_in_rounds
    from spectral_transcoder.datasets.dataset_split import folder_sources
    from spectral_transcoder.soundscapes.recording_kinds import KindListener, read_heard, write_kinds
    from teachers.registry import find_weights, load_teacher

    weights = options.teacher_weights or find_weights(options.teacher, options.models)
    load_teacher(options.teacher, weights=weights, folder=options.models)  # what is missing is told at once
    paths = [source.path for folder in options.folders for source in folder_sources(folder)]
    make_folder(options.output.parent)
    listen = KindListener(options.teacher, weights)
    known, since = {}, 0
    if options.output.exists():
        known, since = read_heard(options.output, teacher=options.teacher), options.output.stat().st_mtime_ns
    kinds = {path: heard for path, heard in known.items() if heard.kind}  # those of other folders, too
    missing = [
        path
        for path in paths
        if path not in kinds or not kinds[path].still_holds(weights=listen.weights_digits, since=since)
    ]
    if n_changed := sum(path in kinds for path in missing):
        print(f"{n_changed} recordings, or the teacher's weights, have changed: they are heard again", file=sys.stderr)
    problems: list[str] = []
    rounds = results_in_rounds(listen, missing, workers=options.workers or available_cores())
    n_unwritten = 0
    try:
        with tqdm(total=len(paths), initial=len(paths) - len(missing), unit="recording", disable=None) as bar:
            for heard in rounds:
                kinds |= {one.path: one for one in heard}
                problems += [one.problem for one in heard if one.problem]
                bar.update(len(heard))
                n_unwritten += len(heard)
                if n_unwritten >= WRITTEN_EVERY:
                    write_kinds(options.output, kinds.values(), options.teacher)
                    n_unwritten = 0
    finally:
        write_kinds(options.output, kinds.values(), options.teacher)
    n_kinds = len({kinds[path].kind for path in paths if kinds[path].kind})
    if not n_kinds:
        raise UserError(f"no recording can be used: {problems[0]}")
    for problem in problems[:TOLD]:
        print(f"left out: {problem}", file=sys.stderr)
    print(f"{options.output} ({len(paths) - len(problems)} recordings of {n_kinds} kinds)")
    return 1 if problems and not options.skip_errors else 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
