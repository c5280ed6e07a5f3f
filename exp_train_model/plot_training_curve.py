"""Draw the training curves: losses on the three splits, of trainings that are done or under way."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from exp_train_model.main_doce_training import add_arguments, training_experiment
from exp_train_model.plans import training_plans
from spectral_transcoder import cli
from spectral_transcoder.errors import UserError
from spectral_transcoder.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("-s", "--select", default="", metavar="SELECTION", help="trainings to draw, as for main_doce_training.py; all")
    add("--figures", type=Path, default=ROOT / "figures_training_curves", help="folder for the PNGs (%(default)s)")
    add_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a PNG for each training."""
    options = parse(arguments)
    from spectral_transcoder.experiments.selection import select
    from spectral_transcoder.figures import save
    from spectral_transcoder.files import make_folder
    from spectral_transcoder.training.curves import training_curve_figure

    training = training_experiment(options)
    settings = select(options.select, training_plans(datasets=options.datasets))
    trainings = [setting for setting in settings if setting["step"] == "train" and training.has_losses(setting)]
    if not trainings:
        raise UserError(
            f"no training in {options.output_path} is among the {len(settings)} settings selected: train one with "
            "python3 exp_train_model/main_doce_training.py -s SELECTION -c, or name its folder with --output_path"
        )
    folder = make_folder(options.figures)
    for setting in trainings:
        figure = training_curve_figure(
            training.losses(setting), title=str(setting).replace("+", "  "), label=training.loss_label(setting)
        )
        path = folder / f"{setting}_training_curve.png"
        save(figure, path)
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
