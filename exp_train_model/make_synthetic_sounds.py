"""Make sounds of streets that free collections lack: sirens, horns, drills, engines … of sines, pulses and noise.

Give the folder to make_scenes.py beside those of recordings.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_workers_option

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--output", type=Path, required=True, help="a folder is made in it for each kind of sound")
    add("--sounds", type=cli.positive, default=100, help="number of each kind")
    add_workers_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the sounds that are not there yet."""
    options = parse(arguments)
    from tqdm import tqdm

    from audiokit.storage.worker_start import available_cores
    from audiokit.storage.workers import results_in_rounds
    from spectral_transcoder.soundscapes.synthetic_sounds import KINDS, SoundMaker

    sounds = [(kind, number) for kind in KINDS for number in range(options.sounds)]
    rounds = results_in_rounds(SoundMaker(options.output), sounds, workers=options.workers or available_cores())
    with tqdm(total=len(sounds), unit="sound", disable=None) as bar:
        for written in rounds:
            bar.update(len(written))
    print(f"{options.output} ({options.sounds} sounds of each of {len(KINDS)} kinds)")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
