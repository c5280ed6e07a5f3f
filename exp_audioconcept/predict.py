"""Tell the genre of any recording over time: a table, a picture and a page for each.

Where no file is named, the recordings of data/raw/sample_audio are listed, and one is chosen by its number.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT
from exp_audioconcept import script_options
from exp_audioconcept.places import MODELS, REPORTS, SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("files", nargs="*", metavar="FILE", help="recordings of any format and length; or the name of a model first")
    add("--model", help="SVM, CNN, VGGish, CNN2 or head, in any case (SVM)")
    add("--model-path", type=Path, metavar="FILE", help="of the model (models/best_MODEL_model.pt)")
    add("--audio-path", type=Path, default=SAMPLES, metavar="FOLDER", help="of the list (%(default)s)")
    add("--report-path", type=Path, default=REPORTS / "predictions", metavar="FOLDER", help="for pages (%(default)s)")
    add("--overlap", type=_overlap, default=0.0, help="share of a piece that the next one hears again (0)")
    add("--teachers", type=Path, default=ROOT, metavar="FOLDER", help="of the teachers' weights")
    return parser.parse_intermixed_args(arguments)  # a model, options, and then files


def main(arguments: Sequence[str] | None = None) -> int:
    """Predict; 1 where a recording could not be used."""
    options = parse(arguments)
    with cli.quick_imports():
        from audiokit.labels.prediction import predict_all
        from exp_audioconcept.classifiers.listening import GenreListener
        from exp_audioconcept.classifiers.loading import load_model

    kind, files = _kind_and_files(options)
    model = load_model(options.model_path or MODELS / f"best_{kind}_model.pt", teachers=options.teachers)
    listener = GenreListener(model, options.overlap)
    names = files or [str(_chosen(options.audio_path))]
    notes = ["The SVM's shares are a softmax of its decision values: an order, and no chances."] * (kind == "SVM")
    return predict_all(listener, names, options.report_path, notes=notes)


def _overlap(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to below 1")
    return number


def _kind_and_files(options: argparse.Namespace) -> tuple[str, list[str]]:
    """The model that is named, by `--model` or as the original does by the first argument, and the recordings."""
    from audiokit.errors import UserError
    from exp_audioconcept.classifiers.learned import kind_of

    if options.model:
        return kind_of(options.model), options.files
    if options.files and not Path(options.files[0]).exists():
        try:
            return kind_of(options.files[0]), options.files[1:]
        except UserError:
            pass  # the recording's name, then; what is wrong with it is told where it is read
    return script_options.DEFAULT_MODEL, options.files


def _chosen(folder: Path) -> Path:
    """The recording that somebody at the terminal chooses.

    Raises
    ------
    UserError
        where there is none, or nobody answers.
    """
    from audiokit.errors import UserError
    from exp_audioconcept.songs.collection import SUFFIXES

    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise UserError(f"there is no recording in {folder}: put one there, or name a file")
    for number, path in enumerate(files, 1):
        print(f"{number}  {path.name}")
    while True:
        try:
            answer = input(f"which one? 1 to {len(files)} [1] ").strip() or "1"
        except EOFError as error:
            raise UserError("nobody chose a recording: name a file") from error
        if answer.isdecimal() and 1 <= int(answer) <= len(files):
            return files[int(answer) - 1]
        print(f"{answer} is no number from 1 to {len(files)}")


if __name__ == "__main__":
    sys.exit(cli.run(main))
