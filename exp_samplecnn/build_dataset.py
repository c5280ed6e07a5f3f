"""Decode, resample and cut the recordings of a dataset once, into the store that networks are trained from.

Whatever stops it, the same command goes on from there. Recordings that are broken are named and left out.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from audiokit import cli
from exp_samplecnn.script_options import add_data_dir_option, add_dataset_argument
from exp_samplecnn.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add_dataset_argument(parser)
    add_data_dir_option(parser)
    add("--sample-type", choices=("int16", "float32"), default="int16", help="of the store (%(default)s)")
    add(
        "--extend",
        choices=("silence", "repeat", "stretch"),
        help="how clips that are too short go on; stretch is the original's (scd: silence, others: repeat)",
    )
    add("--skip-missing", action="store_true", help="leave out recordings that the lists name and that are not there")
    add("--workers", type=cli.positive, metavar="N", help="processes; one for each core by default")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the store."""
    options = parse(arguments)
    from audiokit.storage.worker_start import begin_workers

    begin_workers(options.workers, "audiokit.labels.clip_store_creation", "exp_samplecnn.data.segment_store")
    with cli.quick_imports():
        from audiokit.labels.clip_store_creation import tell
        from exp_samplecnn.data.readers import READERS
        from exp_samplecnn.data.segment_store import create_segment_store, store_path

    task = TASKS[options.dataset]
    raw = options.data_dir / task.name / "raw"
    listed = READERS[task.name](raw)
    clips, missing = listed.present(skip_missing=options.skip_missing, remedy=f"get them into {raw}")
    if missing:
        print(f"{len(missing)} of {len(listed)} recordings are missing and left out", file=sys.stderr)
    if tuple(clips.labels) != task.labels:
        print(f"{len(clips.labels)} labels in place of {len(task.labels)}: {'; '.join(clips.labels)}")
    extension = options.extend or task.extension
    print(f"clips below {task.seconds} s are continued: {extension}")
    summary = create_segment_store(
        clips.shuffled(),
        task,
        store_path(options.data_dir, task),
        sample_type=options.sample_type,
        extension=extension,
        workers=options.workers,
    )
    return tell(summary)


if __name__ == "__main__":
    sys.exit(cli.run(main))
