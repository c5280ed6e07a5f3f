"""Draw the paper's figure of Mel spectrograms: PINV, CNN-mels, CNN-logits and ground truth of one second."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import RESULTS
from teachers.options import add_models_option

if TYPE_CHECKING:
    from collections.abc import Sequence

PAPER_RECORDING = "street_pedestrian-paris-152-4607-a.wav"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("file", nargs="?", default=PAPER_RECORDING, help="recording; the paper's is part of TAU 2020 Mobile")
    add("--output", type=Path, default=RESULTS, help="folder for the PNG")
    add_models_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the figure, print the tags."""
    options = parse(arguments)
    from audiokit.files import make_folder
    from audiokit.reports.figures import save
    from audiokit.sound.audio import find_audio
    from spectral_transcoder.listening.generate import prepare, title
    from spectral_transcoder.listening.paper_figures import first_second_mels, spectrogram_comparison_figure
    from spectral_transcoder.listening.tags import top_table

    generator = prepare(teacher="PANN", models=options.models, device="cpu")
    mels = first_second_mels(find_audio(options.file), generator.front_end, generator.transcoders)
    path = make_folder(options.output) / "spectro_dcase2023.png"
    save(spectrogram_comparison_figure({title(name): mel.numpy() for name, mel in mels.items()}), path, dpi=60)
    print(*generator.notes, sep="\n", file=sys.stderr)
    if generator.teacher:
        scores = {title(name): generator.teacher.scores(mel[None])[0].numpy() for name, mel in mels.items()}
        print(top_table(scores, generator.teacher.labels))
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
