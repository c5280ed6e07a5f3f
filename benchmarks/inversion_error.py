"""How far the sound made of a Mel spectrogram is from it: this inversion, the usual one, and the published one.

    python3 benchmarks/inversion_error.py RECORDING...

prints, for each teacher's Mel spectrogram, the root mean square of the log-Mel error after re-analysis in dB, in
brackets what is left of it without its mean (a difference in level), and the CPU time.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    with cli.quick_imports():
        from sounds.inversion_errors import print_table

    print_table(options.recordings)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
