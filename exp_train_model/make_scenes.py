"""Put soundscapes together from recordings, to train transcoders on that generalise.

The scenes are recordings like others: give their folder to create_mel_tho_dataset.py --audio_dataset_path. Run the same
command again to go on with what was stopped, or with a higher number to add some.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_workers_option

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("folders", nargs="+", type=Path, metavar="FOLDER", help="recordings; each folder in it is drawn as often")
    add("--output", type=Path, required=True, help="folder for the scenes")
    help_text = "table by list_kinds.py: draw each kind of sound about as often, whatever folder it lies in"
    add("--kinds", type=Path, metavar="CSV", help=help_text)
    add("--scenes", type=cli.positive, default=600, help="number of scenes, a minute each")
    help_text = "share of the scenes with one recording at a time, ten seconds each, in [0, 1]"
    add("--alone", type=cli.share, default=0.0, metavar="SHARE", help=help_text)
    help_text = "share of the scenes with nothing above a frequency between 3.5 and 14 kHz, in [0, 1]"
    add("--cut", type=cli.share, default=0.0, metavar="SHARE", help=help_text)
    add("--seed", type=int, default=0, help="of what is drawn")
    add("--skip_errors", action="store_true", help="end well though recordings could not be read")
    add_workers_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the scenes; 1 where a recording could not be read."""
    options = parse(arguments)
    from tqdm import tqdm

    from audiokit.files import make_folder
    from audiokit.storage.holding import hold, remove_parts
    from audiokit.storage.worker_start import available_cores
    from audiokit.storage.workers import results_in_rounds
    from spectral_transcoder.datasets.dataset_split import folder_sources
    from spectral_transcoder.soundscapes.recording_kinds import collections_by_kind, read_kinds
    from spectral_transcoder.soundscapes.scenes import SceneRecipe, SceneWriter, collections_in

    paths = [source.path for folder in options.folders for source in folder_sources(folder)]
    by_kind = read_kinds(options.kinds, recordings=paths) if options.kinds else None
    collections = collections_in(paths) if by_kind is None else collections_by_kind(by_kind)
    recipe = SceneRecipe(seed=options.seed, alone_share=options.alone, cut_share=options.cut)
    write = SceneWriter(collections, recipe, make_folder(options.output))
    unusable: dict[Path, str] = {}
    with hold(write.note, wait=True), tqdm(total=options.scenes, unit="scene", disable=None) as bar:
        remove_parts(options.output)
        write.check()
        for scenes in results_in_rounds(write, range(options.scenes), workers=options.workers or available_cores()):
            bar.update(len(scenes))
            for scene in scenes:
                unusable |= scene.unusable
    for reason in unusable.values():
        print(f"left out: {reason}", file=sys.stderr)
    print(f"{options.output} ({options.scenes} scenes of {len(paths)} recordings)")
    return 1 if unusable and not options.skip_errors else 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
