"""Draw the training curves: losses on the three splits, of trainings that are done or under way."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT
from exp_train_model.begun_trainings import add_selection_arguments, begun_trainings

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    figures = ROOT / "figures_training_curves"
    parser.add_argument("--figures", type=Path, default=figures, help="folder for the PNGs (%(default)s)")
    add_selection_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a PNG for each training."""
    options = parse(arguments)
    files, trainings = begun_trainings(options)
    from audiokit.files import make_folder
    from audiokit.learning.curves import training_curve_figure
    from audiokit.reports.figures import save
    from spectral_transcoder.training.settings import loss_label

    folder = make_folder(options.figures)
    for setting in trainings:
        figure = training_curve_figure(
            files.losses(setting),
            title=str(setting).replace("+", "  "),
            label=loss_label(setting),
            kept=files.kept_epoch(setting),
        )
        path = folder / f"{setting}_training_curve.png"
        save(figure, path)
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
