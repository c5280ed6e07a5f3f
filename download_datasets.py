"""Download the datasets of the experiments, and lay them out as the experiments expect them.

Whatever interrupts it, the same command goes on from there; once all is here, it looks over it and does nothing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.download.audio_datasets import read_catalogue
from audiokit.download.dataset_download import describe, download_datasets

if TYPE_CHECKING:
    from collections.abc import Sequence

MIRRORS = """
a mirror has the paths of the hosts:
  URL/records/RECORD/files/NAME              as at zenodo.org
  URL/api/records/RECORD                     its list of sizes and checksums; SONYC-UST and EMVD need it
  URL/karolpiczak/ESC-50/archive/master.zip  as at github.com
files that were fetched by other means, put into FOLDER/DATASET/downloads/, are checked and unpacked in the same way
"""


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=MIRRORS, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "-l",
        "--list",
        nargs="*",
        metavar="NAME",
        help="datasets to download, with commas or blanks between them (default: TAU, URBAN-SOUND-8K, SONYC-UST); "
        "without a name, show what there is and what is here, and download nothing",
    )
    add(
        "-o",
        "--output",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="folder in which each dataset gets its own (default: the current one, where the experiments look)",
    )
    add("--keep_archives", action="store_true", help="do not delete archives once they are unpacked")
    add("--base_url", metavar="URL", help="of a mirror, in place of zenodo.org and github.com; see below")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Download datasets; 1 if any of them could not be had."""
    options = parser().parse_args(arguments)
    names = [name for text in options.list or [] for name in text.replace(",", " ").split()]
    if options.list is not None and not names:
        print(describe(read_catalogue().values(), options.output))
        return 0
    report = download_datasets(names, options.output, base_url=options.base_url, keep_archives=options.keep_archives)
    print(f"in {options.output}: {', '.join(report.ready) or 'nothing'}")
    for name, why in report.failures.items():
        print(f"failed: {name}: {why}", file=sys.stderr)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
