"""Store what the networks see of EMVD's recordings: each is decoded once, by all cores, and each chunk stored once.

Whatever stops it, the same command goes on from there. Both data sets are one file, for kfold_no_distorsion has the
same chunks and merely trains on fewer of them; so are folds by singer, which experiment.py --by_singer draws itself.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_skip_errors_option, add_workers_option
from exp_emvd.places import FILES, FOLDS, STORE
from exp_emvd.script_options import add_audio_option, add_folds_option, add_metadata_option
from exp_emvd.tasks import DATASETS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("-dataset", "--dataset", choices=DATASETS, default=DATASETS[0], help="which one (%(default)s)")
    add_audio_option(parser)
    add_metadata_option(parser)
    add_folds_option(parser)
    add("--output", type=Path, default=STORE, metavar="FILE", help="(%(default)s)")
    add_workers_option(parser)
    add_skip_errors_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the store; 1 where a recording could not be read."""
    options = parse(arguments)
    from audiokit.storage.worker_start import begin_workers

    begin_workers(options.workers, "audiokit.labels.clip_store_creation", "exp_emvd.data.chunk_store")
    with cli.quick_imports():
        from audiokit.files import make_folder
        from audiokit.labels.clip_store_creation import tell
        from exp_emvd.data.chunk_store import create_chunk_store
        from exp_emvd.data.folds import read_folds
        from exp_emvd.data.metadata import read_files

    files = read_files(options.metadata / FILES.name)
    folds = read_folds(files, options.folds or options.metadata / FOLDS.name)
    make_folder(options.output.parent)
    summary = create_chunk_store(
        files, folds, options.output, audio=options.audio, workers=options.workers, skip_errors=options.skip_errors
    )
    if options.dataset == "kfold_no_distorsion":
        print("kfold_no_distorsion has these chunks too: experiment.py trains on the clear voices among them")
    return tell(summary)


if __name__ == "__main__":
    sys.exit(cli.run(main))
