"""Pack recordings for a machine that trains: Opus, 48 kHz, one channel, as many as a size holds; or unpack a pack.

Only recordings whose licences allow it should be in the folders. train_on_device.sh takes the pack.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLD = 20
"""Lines on single recordings."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("folders", nargs="*", type=Path, metavar="FOLDER", help="recordings; each folder in it is drawn as often")
    add("--output", type=Path, required=True, help="the pack (.tar); with --unpack, the folder for what is in it")
    add("--megabytes", type=cli.positive, default=60, help="largest size of the pack")
    add("--longest", type=cli.positive, default=20, metavar="SECONDS", help="that are taken of a recording")
    add("--seed", type=int, default=0, help="of the order in which recordings are drawn")
    add("--unpack", type=Path, metavar="PACK", help="unpack this one, and pack nothing")
    options = parser.parse_args(arguments)
    if bool(options.folders) == bool(options.unpack):
        parser.error("name folders to pack, or --unpack with a pack")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pack, or what is in it."""
    options = parse(arguments)
    from tqdm import tqdm

    from spectral_transcoder.datasets.dataset_split import folder_sources
    from spectral_transcoder.soundscapes.recording_pack import unpack_recordings, write_pack
    from spectral_transcoder.soundscapes.scenes import collections_in

    if options.unpack:
        print(f"{options.output} ({len(unpack_recordings(options.unpack, options.output))} recordings)")
        return 0
    paths = [source.path for folder in options.folders for source in folder_sources(folder)]
    largest = options.megabytes * 10**6
    with tqdm(total=largest, unit="B", unit_scale=True, disable=None) as bar:
        packed = write_pack(
            collections_in(paths),
            options.output,
            largest_bytes=largest,
            longest_seconds=options.longest,
            seed=options.seed,
            watch=bar.update,
        )
    for reason in packed.unusable[:TOLD]:
        print(f"left out: {reason}", file=sys.stderr)
    hours = f"{packed.seconds / 3600:.2f} h"
    print(f"{options.output} ({len(packed.rows)} of {len(paths)} recordings, {hours}, {packed.n_bytes / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
