"""Draw what squeeze and excitation do in a trained SampleCNN: the mean excitation by label and depth."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option
from exp_samplecnn.script_options import add_data_dir_option, add_dataset_argument, add_model_argument

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add_dataset_argument(parser)
    add_model_argument(parser)
    add_data_dir_option(parser)
    add("--split", choices=("train", "val", "test"), default="test", help="of the clips (%(default)s)")
    add("--output", type=Path, metavar="FOLDER", help="for picture and arrays (evaluation/ beside the model)")
    add_device_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write excitations.png, and excitations.npz with (n_labels, n_channels) of each block."""
    options = parse(arguments)
    with cli.quick_imports():
        import numpy as np

        from audiokit.devices import choose_device
        from audiokit.files import make_folder, write_whole
        from audiokit.reports import figures
        from exp_samplecnn.evaluation.excitation_figures import excitations_figure
        from exp_samplecnn.evaluation.excitations import clip_excitations, label_means
        from exp_samplecnn.learning.trained import open_trained

    device = choose_device(options.device)
    trained = open_trained(options.model, options.data_dir, options.dataset)
    store, settings = trained.store, trained.settings
    excitations = clip_excitations(
        trained.network, store, options.split, standardisation=settings.standardisation, device=device
    )
    targets = store.targets[store.clips_of(options.split)]
    means = [label_means(block, targets) for block in excitations]
    folder = make_folder(options.output or trained.path.parent / "evaluation")
    title = f"Excitations of {settings.block}{', multi' if settings.multi else ''}: {store.title}"
    figures.save(excitations_figure(means, settings.labels, title=title), folder / "excitations.png")
    with write_whole(folder / "excitations.npz") as partial:
        np.savez(partial, **{f"block{depth}": block for depth, block in enumerate(means)})
    print(folder / "excitations.png")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
