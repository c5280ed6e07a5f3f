"""What the two third-octave banks read in error: the table in the docstring of `spectral_transcoder.third_octave`.

    python3 benchmarks/third_octave_errors.py

Noise: white, in expectation, against its true power in the band. Tone: a sine at the exact centre of the band, against
its true level. Neighbour: what the same tone reads in the louder of the two neighbour bands, less what it reads in its
own. Means over time are means of power.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from audiokit import cli

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(arguments)
    with cli.quick_imports():
        from features.third_octave_errors import table

    print(table())
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
