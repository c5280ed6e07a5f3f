"""From the package index alone to a picture of instruments over time, in a few minutes.

Renders music of the soundfont TimGM6mb, trains a head on what YAMNet hears in it, chooses thresholds on music of the
soundfont Merlin, and then listens to a medley of Merlin's instruments that it has not heard, of which is known what
plays when. Rendering needs `pip install --no-deps tinysoundfont`.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import AUDIO, RESULTS, ROOT
from exp_lumen.places import MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exp_lumen.evaluation.model_file import Model

FOLDER = ROOT / "instruments"
TRAINED_ON, CHOSEN_ON = "TimGM6mb", "Merlin"
N_SECTIONS, SECTION_SECONDS = 6, 8.0
MEDLEY_SEED = 77
TEACHER = "YamNet"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--n_clips", type=cli.positive, default=440, metavar="N", help="to train on, 5 s each (%(default)s)")
    add("--epochs", type=cli.positive, default=20, help="(%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch, render, train, and listen; 1 where something could not be had."""
    options = parse(arguments)
    from audiokit.download.pretrained import download_models

    print("teacher: YAMNet, Google's TFLite file, from the package index")
    report = download_models(["yamnet_tflite"], ROOT)
    for line in report.failure_lines():
        print(line, file=sys.stderr)
    if report.failures:
        return 1
    tables = {name: render(name, n) for name, n in ((TRAINED_ON, options.n_clips), (CHOSEN_ON, options.n_clips // 3))}
    model = train_head(tables, MODELS / f"demo_{options.n_clips}", epochs=options.epochs)
    return listen(model, *medley(CHOSEN_ON))


def render(soundfont: str, n_clips: int) -> Path:
    """The table of mixtures of a soundfont."""
    from exp_lumen import make_instruments

    folder = FOLDER / f"demo_{soundfont}_{n_clips}"
    make_instruments.main(["--soundfont", soundfont, "--n_clips", str(n_clips), "--output", str(folder)])
    return folder / "labels.csv"


def train_head(tables: dict[str, Path], output: Path, *, epochs: int) -> Path:
    """The model: a head on the teacher, whose own weights stay as they are."""
    from exp_lumen import train

    paths = ["--train-paths", f"csv:{tables[TRAINED_ON]}", "--val-paths", f"csv:{tables[CHOSEN_ON]}"]
    how = ["--model", "TEACHER", "--teacher", TEACHER, "--head-alone", "--augmentations"]
    sizes = ["--epochs", str(epochs), "--batch-size", "32", "--lr-onecycle-max", "3e-3"]
    train.main([*paths, *how, *sizes, "--output", str(output)])
    return next((output / "checkpoints").glob("*.ckpt"))


def medley(soundfont: str) -> tuple[Path, list[tuple[str, ...]]]:
    """A recording of several mixtures, one after the other, and the codes of what plays in each."""
    import numpy as np

    from audiokit.files import make_folder, write_whole
    from audiokit.sound.audio import write_wav
    from exp_lumen.synthesis.mixtures import Recipe, instruments_of, make_mixture
    from exp_lumen.synthesis.soundfonts import SOUNDFONTS, find_soundfont

    left_out = SOUNDFONTS[soundfont].borrowed
    recipe = Recipe(find_soundfont(soundfont), MEDLEY_SEED, SECTION_SECONDS, most=2, left_out=left_out)
    numbers = [2 * section for section in range(N_SECTIONS)]
    sound = np.concatenate([make_mixture(recipe, number) for number in numbers])
    path = make_folder(AUDIO) / "lumen_medley.wav"
    with write_whole(path) as partial, write_wav(partial, recipe.sample_rate, n_samples=len(sound)) as file:
        file.write(sound)
    return path, [instruments_of(recipe, number) for number in numbers]


def listen(checkpoint: Path, path: Path, sections: Sequence[tuple[str, ...]]) -> int:
    """Make the page of the medley, and print what plays in each section beside what is heard."""
    from exp_lumen.evaluation.loading import load_for_use
    from exp_lumen.listening import predict_instruments

    model, aggregation = load_for_use(checkpoint)
    status = predict_instruments(model, [str(path)], RESULTS / "lumen", aggregation=aggregation)
    print("\nSection by section:")
    print(cli.columns([("s", "plays", "is heard"), *section_rows(model, aggregation, path, sections)]))
    print(f"\n{RESULTS / 'lumen' / path.stem / 'index.html'}")
    return status


def section_rows(
    model: Model, aggregation: str, path: Path, sections: Sequence[tuple[str, ...]]
) -> list[tuple[str, str, str]]:
    """When each section begins, what plays in it, and what is heard in it alone."""
    import numpy as np

    from audiokit.sound.audio import Recording
    from exp_lumen.evaluation.aggregation import by_recording
    from exp_lumen.evaluation.answering import answer_as_json, piece_scores
    from exp_lumen.instruments import CODES
    from exp_lumen.listening import said

    recording = Recording(path, sample_rate=model.network.spec.sample_rate)
    length = round(SECTION_SECONDS * recording.sample_rate)
    rows = []
    for number, codes in enumerate(sections):
        pieces = piece_scores(model.network, recording.read(number * length, (number + 1) * length))
        scores = by_recording(pieces, np.array([len(pieces)]), aggregation)[0]
        plays = {code: int(code in codes) for code in CODES}
        heard = answer_as_json(scores, model.thresholds[aggregation])
        rows.append((f"{number * SECTION_SECONDS:.0f}", said(plays), said(heard)))
    return rows


if __name__ == "__main__":
    sys.exit(cli.run(main))
