"""Hear what a trained SampleCNN hears in recordings: scores over time as a table, a picture and a page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("recordings", nargs="+", metavar="FILE", help="of any format and length, or bare names of files in audio/")
    add("--model", type=Path, metavar="MODEL", help="a final-….safetensors, or its folder in log/ (spoken digits)")
    add("--hop", type=float, metavar="S", help="seconds from one segment to the next (segments side by side)")
    add("--output", type=Path, default=ROOT / "export" / "samplecnn", metavar="FOLDER", help="(%(default)s)")
    add_device_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Listen; 1 where a recording cannot be used."""
    options = parse(arguments)
    with cli.quick_imports():
        from audiokit.devices import choose_device
        from audiokit.errors import UserError
        from audiokit.labels.prediction import predict_all
        from exp_samplecnn.learning.model_files import SPOKEN_DIGITS, find_model, read_model
        from exp_samplecnn.listening import SegmentListener

    if options.hop is not None and not 0.01 <= options.hop <= 60:
        raise UserError(f"a hop of {options.hop} s is not from 0.01 to 60: give another one with --hop")
    device = choose_device(options.device)
    network, settings = read_model(find_model(options.model or SPOKEN_DIGITS))
    listener = SegmentListener(network.to(device), settings, hop=options.hop, device=device)
    notes = []
    if settings.task.one_label:
        notes.append(
            f"It has to be one of its {len(settings.labels)} words at any time: of anything else it hears one."
        )
    return predict_all(listener, options.recordings, options.output, notes=notes)


if __name__ == "__main__":
    sys.exit(cli.run(main))
