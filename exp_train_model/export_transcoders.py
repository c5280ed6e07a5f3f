"""Put transcoders that were trained here where generate_audio.py finds them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from exp_train_model.main_doce_training import add_arguments, training_experiment
from exp_train_model.plans import training_plans
from spectral_transcoder import cli
from spectral_transcoder.errors import UserError
from spectral_transcoder.paths import REFERENCE_MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("-s", "--select", default="", metavar="SELECTION", help="trainings, as for main_doce_training.py; all")
    add("--name", help="by which pages call it; cnn_mels, cnn_logits … by default")
    add("--folder", type=Path, default=REFERENCE_MODELS, help="folder for the weights (%(default)s)")
    add_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write weights and settings of each training, of one under way its best so far."""
    options = parse(arguments)
    from spectral_transcoder.experiments.selection import select
    from spectral_transcoder.training.curves import kept_epoch
    from spectral_transcoder.transcoders.store import save_transcoder, short_name

    training = training_experiment(options)
    settings = select(options.select, training_plans(datasets=options.datasets))
    trained = [setting for setting in settings if setting["step"] == "train" and training.is_begun(setting)]
    if not trained:
        raise UserError(
            f"no model in {options.output_path} is among the {len(settings)} settings selected: train one with "
            "python3 exp_train_model/main_doce_training.py -s SELECTION -c, or name its folder with --output_path"
        )
    targets = [(setting["classifier"], options.name or short_name(setting.identifier())) for setting in trained]
    if twice := sorted({target for target in targets if targets.count(target) > 1}):
        teacher, name = twice[0]
        raise UserError(f"several trainings would be called {name} for {teacher}: select one of them with -s")
    for setting, (_, name) in zip(trained, targets, strict=True):
        kept = {"kept_epoch": kept_epoch(training.losses(setting)["losses_valid"])}
        settings = training.network_settings(setting) | kept
        print(save_transcoder(options.folder, name, training.best_state(setting), settings))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
