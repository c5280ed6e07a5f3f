"""Hear which instruments play when, in any recordings: a table, a picture, a page and the competition's answer of each.

Without --ckpt, the model is the one that was trained last.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option
from audiokit.paths import RESULTS
from exp_lumen.places import MODELS, last_model

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="recordings, or names of such in audio/")
    add("--ckpt", type=Path, metavar="FILE", help=f"model that train.py has made (the last one in {MODELS.name}/)")
    add("--aggregation", choices=("mean", "union"), help="of pieces; as it was trained, or union as the original")
    add("--prediction-threshold", type=float, metavar="T", help="for all instruments, in place of the model's own")
    add("--output", type=Path, default=RESULTS / "lumen", metavar="FOLDER", help="(%(default)s)")
    add_device_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is heard; 1 where a recording could not be used."""
    options = parse(arguments)
    with cli.quick_imports():
        from exp_lumen.evaluation.loading import load_for_use
        from exp_lumen.listening import predict_instruments

    model, aggregation = load_for_use(
        options.ckpt or last_model(),
        device=options.device,
        aggregation=options.aggregation,
        threshold=options.prediction_threshold,
    )
    return predict_instruments(model, options.files, options.output, aggregation=aggregation)


if __name__ == "__main__":
    sys.exit(cli.run(main))
