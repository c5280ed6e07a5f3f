"""Make sounds of streets that free collections lack: sirens, horns, drills, engines … of sines, pulses and noise.

Give the folder to make_scenes.py beside those of recordings.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spectral_transcoder import cli

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--output", type=Path, required=True, help="a folder is made in it for each kind of sound")
    add("--sounds", type=cli.positive, default=100, help="number of each kind")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the sounds that are not there yet."""
    options = parse(arguments)
    import soundfile
    from tqdm import tqdm

    from spectral_transcoder.datasets.synthetic_sounds import KINDS, make_sound
    from spectral_transcoder.files import make_folder, write_whole
    from spectral_transcoder.third_octave import SAMPLE_RATE

    for kind in KINDS:
        folder = make_folder(options.output / kind)
        for number in tqdm(range(options.sounds), unit="sound", desc=kind, disable=None):
            path = folder / f"{kind}_{number:04}.flac"
            if path.exists():
                continue
            sound = io.BytesIO()  # libsndfile does not tell of a full disk
            soundfile.write(sound, make_sound(kind, number), SAMPLE_RATE, "PCM_16", format="FLAC")
            with write_whole(path) as partial:
                partial.write_bytes(sound.getvalue())
    print(f"{options.output} ({options.sounds} sounds of each of {len(KINDS)} kinds)")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
