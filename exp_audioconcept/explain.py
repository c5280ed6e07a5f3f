"""Tell why a recording is taken for a genre: what weighs in it, to look at and to listen to, on a page for each."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT
from exp_audioconcept.places import MODELS, REPORTS
from exp_audioconcept.script_options import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="recordings of any format and length")
    add("--model", default=DEFAULT_MODEL, help="SVM, CNN, VGGish, CNN2 or head, in any case (%(default)s)")
    add("--model-path", type=Path, metavar="FILE", help="of the model (models/best_MODEL_model.pt)")
    add("--genre", help="to be explained; by default the one that is told")
    add("--start", type=cli.not_negative, metavar="S", help="of the stretch (where the genre is most evident)")
    add("--stems", type=Path, metavar="FOLDER", help="of what a separator made of the song, as a further concept")
    add("--repetitions", type=_two, default=10, help="drawings that intervals are of (%(default)s)")
    add("--seed", type=cli.seed, default=0, help="of the drawings (%(default)s)")
    add("--report-path", type=Path, default=REPORTS / "explanations", metavar="FOLDER", help="for pages (%(default)s)")
    add("--teachers", type=Path, default=ROOT, metavar="FOLDER", help="of the teachers' weights")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Explain; 1 where a recording could not be used."""
    options = parse(arguments)
    with cli.quick_imports():
        from exp_audioconcept.classifiers.learned import kind_of
        from exp_audioconcept.classifiers.loading import load_model
        from exp_audioconcept.explanations.explaining import Options
        from exp_audioconcept.explanations.report import explain_all

    kind = kind_of(options.model)
    model = load_model(options.model_path or MODELS / f"best_{kind}_model.pt", teachers=options.teachers)
    asked = Options(options.genre, options.start, options.stems, options.repetitions, options.seed)
    return explain_all(model, options.files, options.report_path, asked)


def _two(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError(f"{text} is below 2: an interval needs two drawings")
    return number


if __name__ == "__main__":
    sys.exit(cli.run(main))
