"""Gather the tags of many sensors: tables by hour, weekday and month, pictures, and a map that needs no server."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("tags", type=Path, metavar="TAGS_FOLDER", help="that predict_third_octave.py --output made")
    add("--output", type=Path, required=True, metavar="FOLDER", help="for tables, pictures and index.html")
    add("--places", type=Path, metavar="FILE", help="csv with the columns sensor, latitude, longitude [, name]")
    add("--zone", help="by whose clock to count hours where tables are in UTC: Europe/Paris; by default UTC")
    help_text = "what a sensor is called by where a table has no column sensor: a folder holds all files of its sensor"
    add("--sensor_is", choices=("file", "folder"), default="file", help=help_text)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Map all sensors; 3 where a table could not be used, 1 where none could."""
    options = parse(arguments)
    with cli.quick_imports():
        from spectral_transcoder.sensor.network import map_sensors

    by_folder = options.sensor_is == "folder"
    return map_sensors(options.tags, options.output, places=options.places, zone=options.zone, by_folder=by_folder)


if __name__ == "__main__":
    sys.exit(cli.run(main))
