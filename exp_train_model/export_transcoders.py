"""Put transcoders that were trained here where generate_audio.py finds them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from audiokit.paths import REFERENCE_MODELS
from exp_train_model.begun_trainings import add_selection_arguments, begun_trainings

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--name", help="by which pages call it; cnn_mels, cnn_logits … by default")
    add("--folder", type=Path, default=REFERENCE_MODELS, help="folder for the weights (%(default)s)")
    add("--float16", action="store_true", help="store weights with half the digits, for files of half the size")
    help_text = "lists of what they were trained on (column recording), which lie as one beside the weights"
    add("--recordings", type=Path, nargs="+", default=[], metavar="CSV", help=help_text)
    add_selection_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write weights and settings of each training, of one under way its best so far."""
    options = parse(arguments)
    files, trained = begun_trainings(options)
    import yaml

    from spectral_transcoder.training.settings import network_settings
    from spectral_transcoder.transcoders.store import read_recordings, save_transcoder, short_name

    # What is no list is refused before anything is written.
    recordings = frozenset().union(*map(read_recordings, options.recordings))
    targets = [(setting["classifier"], options.name or short_name(setting.identifier())) for setting in trained]
    if twice := sorted({target for target in targets if targets.count(target) > 1}):
        teacher, name = twice[0]
        raise UserError(f"several trainings would be called {name} for {teacher}: select one of them with -s")
    for setting, (_, name) in zip(trained, targets, strict=True):
        kept = {"kept_epoch": files.kept_epoch(setting)}
        done = files.settings_path(setting)  # only a training that has ended has left it
        settings = yaml.safe_load(done.read_text(encoding="utf-8")) if done.is_file() else network_settings(setting)
        state = files.best_state(setting)
        if options.float16:
            state = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
        print(save_transcoder(options.folder, name, state, settings | kept, recordings=recordings))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
