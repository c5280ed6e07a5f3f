"""How many words a recogniser gets wrong, of speech itself and of what third octaves leave of it.

    python3 benchmarks/word_recognition.py FOLDER [--models FOLDER]

FOLDER holds spoken digits as Speech Commands is laid out: `<word>/<speaker>_nohash_<k>.wav`. Two recognisers are
trained for each kind of sound: one on speech itself, as who listens with what there is, and one on sounds of this very
kind, as who goes to the trouble of learning how speech sounds through it. Nobody who is tested is trained on. Kinds are
the recordings, the teacher's own Mel spectrogram made sound (Griffin and Lim), and the same of PINV and of `tcn`, which
know third octaves only. Ten words: who guesses gets 90 % wrong.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from teachers.options import add_models_option

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="spoken digits")
    parser.add_argument("--takes", type=cli.positive, default=15, help="of each word by each speaker (%(default)s)")
    parser.add_argument("--tested", nargs="+", default=["s5", "s6"], help="speakers that nothing is trained on")
    add_models_option(parser)
    options = parser.parse_args(arguments)
    with cli.quick_imports():
        from sounds.words import print_table

    print_table(options.folder, models=options.models, takes=options.takes, tested=options.tested)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
