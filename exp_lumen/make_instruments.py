"""Make music with exact labels: phrases of one to five sampled instruments, in rooms and noise, from a free soundfont.

Train and test on different soundfonts: TimGM6mb and Merlin come with packages of the index, and any other General MIDI
soundfont can be named by its path (FluidR3_GM, say, which Debian has as fluid-soundfont-gm). Of Merlin, those presets
are left out that are TimGM6mb's own.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_workers_option
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--soundfont", default="TimGM6mb", help="TimGM6mb, Merlin, or the path of an .sf2 file (%(default)s)")
    add("--n_clips", type=cli.positive, default=1100, metavar="N", help="(%(default)s)")
    add("--seconds", type=float, default=5.0, help="of each (%(default)s)")
    add("--most", type=int, default=5, choices=range(1, 6), metavar="1…5", help="instruments at once (%(default)s)")
    add("--seed", type=cli.seed, default=0, help="others make other music (%(default)s)")
    add("--sample_rate", type=cli.positive, default=32000, metavar="HZ", help="(%(default)s)")
    add("--output", type=Path, metavar="FOLDER", help="(instruments/SOUNDFONT)")
    add_workers_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make them; the same command goes on after any stop."""
    options = parse(arguments)
    from audiokit.errors import UserError
    from exp_lumen.synthesis.dataset import make_dataset
    from exp_lumen.synthesis.mixtures import Recipe
    from exp_lumen.synthesis.soundfonts import SOUNDFONTS, find_soundfont

    if not 0.5 <= options.seconds <= 600:
        raise UserError(f"--seconds {options.seconds} is outside of 0.5 to 600")
    soundfont = find_soundfont(options.soundfont)
    left_out = SOUNDFONTS[options.soundfont].borrowed if options.soundfont in SOUNDFONTS else ()
    recipe = Recipe(soundfont, options.seed, options.seconds, options.sample_rate, options.most, left_out)
    folder = options.output or ROOT / "instruments" / soundfont.stem
    table = make_dataset(recipe, folder, n_clips=options.n_clips, workers=options.workers)
    print(f"{options.n_clips} recordings; train or test with csv:{table}")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
