"""Make the training dataset: third octaves and the teachers' Mel spectrograms of every second of the recordings.

Of TAU Urban Acoustic Scenes 2020 Mobile as in the paper, or of any folder of recordings; where all of these lie in
folders called train, valid and eval, that is the split. Run the same command again to go on with what was stopped.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option, add_skip_errors_option, add_workers_option

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLD = 20
"""Lines on single recordings, of each kind."""


def yes_or_no(text: str) -> bool:
    """Type of the flag that the original took a value for."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text} is neither true nor false")
    return text.lower() == "true"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--dataset_name", default="Dcase-Task1-full", help="of what is made")
    add("--output_path", type=Path, default="./spectral_transcoder_data/data", help="a folder is made in it")
    add("--audio_dataset_path", type=Path, help="folder that holds the audio dataset, or any folder of recordings")
    add("--audio_dataset_name", default="TAU-urban-acoustic-scenes-2020-mobile-development", help="folder in that one")
    add("--dataset_type", choices=("full", "urban", "test"), default="full", help="part of TAU to take")
    add("--split_by_city", type=yes_or_no, nargs="?", const=True, default=False, help="in place of at random; TAU only")
    add("--train_ratio", type=float, default=0.75, help="share of the recordings")
    add("--valid_ratio", type=float, default=0.125, help="likewise")
    add("--eval_ratio", type=float, default=0.125, help="likewise")
    add("--seed", type=int, default=71, help="of the split")
    add("--teachers", nargs="+", default=["PANN", "YamNet"], metavar="NAME", help="PANN, YamNet, mn04_as …")
    add("--float16", action="store_true", help="store Mel spectrograms with half the digits")
    add("--compress", action="store_true", help="for sharing: smaller, and slow to read")
    add_workers_option(parser)
    add_device_option(parser, default="cpu", purpose="what computes the features")
    add_skip_errors_option(parser)
    add("--shard", metavar="N/M", help="make one part of several, as 3/16")
    add("--merge", action="store_true", help="join the shards that are there")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the dataset; 1 where a recording could not be read."""
    options = parse(arguments)
    from audiokit.storage.worker_start import begin_workers

    begin_workers(options.workers, "audiokit.storage.workers", "spectral_transcoder.datasets.chunk_extraction")
    with cli.quick_imports():
        from spectral_transcoder.datasets.chunk_extraction import Summary, create_dataset
        from spectral_transcoder.datasets.dataset_files import dataset_path
        from spectral_transcoder.datasets.dataset_recipe import Recipe
        from spectral_transcoder.datasets.dataset_shards import Shard, merge_shards
        from spectral_transcoder.datasets.dataset_split import Ratios, find_audio_dataset

    path = dataset_path(options.output_path, options.dataset_name)
    if options.merge:
        return report(Summary(path, True, merge_shards(path)))
    recipe = Recipe(
        dataset_type=options.dataset_type,
        split_by_city=options.split_by_city,
        ratios=Ratios(options.train_ratio, options.valid_ratio, options.eval_ratio),
        seed=options.seed,
        teachers=tuple(options.teachers),
        float16=options.float16,
        compress=options.compress,
    )
    summary = create_dataset(
        recipe,
        find_audio_dataset(options.audio_dataset_path, options.audio_dataset_name),
        path,
        shard=Shard.parse(options.shard) if options.shard else None,
        workers=options.workers,
        device=options.device,
        skip_errors=options.skip_errors,
    )
    return report(summary)


def report(summary) -> int:
    """Print what was made and what went wrong."""
    for lines in (summary.notes, [f"left out: {reason}" for reason in summary.unreadable.values()]):
        for line in lines[:TOLD]:
            print(line, file=sys.stderr)
        if len(lines) > TOLD:
            print(f"… and {len(lines) - TOLD} more", file=sys.stderr)
    if not summary.is_complete:
        print(
            f"error: {summary.path} is not completed, for {len(summary.unreadable)} recordings cannot be read: mend or "
            "remove them, or add --skip_errors",
            file=sys.stderr,
        )
        return 1
    if empty := [split for split, count in summary.n_chunks.items() if count == 0]:
        print(
            f"nothing is in {' and '.join(empty)}, and training needs all three splits: for so few recordings, give "
            "--train_ratio, --valid_ratio and --eval_ratio",
            file=sys.stderr,
        )
    seconds = ", ".join(f"{split} {count}" for split, count in summary.n_chunks.items())
    print(f"{summary.path} ({seconds} seconds)")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
