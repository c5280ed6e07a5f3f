"""How well presence is told on Lorient-1k: levels of real CENSE sensors, with what people heard in their sound.

    python3 benchmarks/lorient1k.py lorient1k_odd.npz

prints, for each teacher, transcoder (`tcn+foreground`: with `--foreground`) and way in which a meter might have kept
the levels, Pearson's r over clips of the annotated time of presence with the mean score of a clip and with its mean
probability of presence, the area under the ROC curve over seconds, and the share of time of presence beside the true
one. Thresholds and probabilities of a clip come from the other clips. In brackets, the interval that holds 95 % of
bootstrap samples over clips. A second table has the Brier score over seconds of three ways to make probabilities.

The file has `fast_125ms` (clips, frames, 29) and `slow_1s` (clips, seconds, 29) in dB, `presence_per_second` (clips,
seconds, 3) and `time_of_presence` (clips, 3) of traffic, voices and birds (Gontier et al., Zenodo 5153616). Offset: the
99th percentile of all levels of a way, as `--auto_offset` has it; blocks of ten seconds, as they come.

With `--write`, the thresholds of all clips, which `predict_third_octave.py` uses, and what is heard at all in levels a
second apart, are written down in spectral_transcoder/sensor/presence/.
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


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("file", type=Path, help="npz with the clips")
    add("--teachers", nargs="+", default=["mn04_as", "YamNet"], metavar="NAME")
    add("--transcoders", nargs="+", default=["tcn", "tcn+foreground"], metavar="NAME")
    add("--ways", nargs="+", metavar="WAY", help="125 ms, 1 s … (all)")
    add_models_option(parser)
    add("--write", action="store_true", help="write the thresholds that are shipped")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    options = parse(arguments)
    with cli.quick_imports():
        from sensors.presence import print_tables

    print_tables(options)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
