"""Put soundscapes together from recordings, to train transcoders on that generalise.

The scenes are recordings like others: give their folder to create_mel_tho_dataset.py --audio_dataset_path. Run the same
command again to go on with what was stopped, or with a higher number to add some.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spectral_transcoder import cli

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("folders", nargs="+", type=Path, metavar="FOLDER", help="recordings; each folder in it is drawn as often")
    add("--output", type=Path, required=True, help="folder for the scenes")
    add("--scenes", type=cli.positive, default=600, help="number of scenes, a minute each")
    add("--seed", type=int, default=0, help="of what is drawn")
    add("--workers", type=cli.positive, help="processes; one for each core by default")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the scenes."""
    options = parse(arguments)
    from tqdm import tqdm

    from spectral_transcoder.datasets.dataset_split import folder_sources
    from spectral_transcoder.datasets.scenes import SceneRecipe, SceneWriter, collections_in
    from spectral_transcoder.datasets.workers import available_cores, results_in_rounds
    from spectral_transcoder.files import make_folder

    paths = [source.path for folder in options.folders for source in folder_sources(folder)]
    write = SceneWriter(collections_in(paths), SceneRecipe(seed=options.seed), make_folder(options.output))
    write.check()
    rounds = results_in_rounds(write, range(options.scenes), workers=options.workers or available_cores())
    with tqdm(total=options.scenes, unit="scene", disable=None) as bar:
        for written in rounds:
            bar.update(len(written))
    print(f"{options.output} ({options.scenes} scenes of {len(paths)} recordings)")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
