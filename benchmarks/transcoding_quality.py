"""How near transcoders come to their teacher, on recordings of anybody's.

    python3 benchmarks/transcoding_quality.py FOLDER...

prints a table for each teacher and each folder, which is an evaluation set: a row for the teacher itself, which is the
ceiling, for PINV, and for each trained transcoder that is here. In it are

- multiplications of the transcoder's layers and of PINV's matrices for a second of sound;
- over recordings: how often the top class (of the scores' mean over the seconds) is the teacher's, which is the paper's
  ptopafc; how often the teacher's is among the model's five highest; how many of the teacher's five are; the
  cross-entropy and the divergence of the scores; the squared error of the Mel spectrograms;
- where recordings are named as those of ESC-50 or UrbanSound8K are: how often their class is found, from groups of
  labels and from small heads that are trained on all folds but one, as in exp_classif_eval;
- over seconds: the top class and the errors again. Silent seconds count in the search for classes alone.

In brackets, the interval that holds 95 % of the figures that other recordings of the kind would have given (bootstrap
over recordings).

No recording counts for a transcoder that was trained on it, as far as its list of recordings tells. Of several with the
same name, each recording goes to the first that was not trained on it: for a cross-validation, name a folder each fold,

    python3 benchmarks/transcoding_quality.py ESC-50/audio --transcoders fold1 fold2 fold3 fold4 fold5
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from audiokit.paths import REFERENCE_MODELS
from teachers.options import add_models_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quality.quality_table import QualityTable


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("folders", nargs="+", type=Path, metavar="FOLDER", help="recordings, searched in folders below it, too")
    add("--match", default="*", help="pattern that their names must match, such as '5-*'")
    add("--teachers", nargs="+", default=["YamNet", "mn04_as"], metavar="NAME")
    add_models_option(parser)
    add("--teacher_weights", type=Path, metavar="FILE", help="checkpoint of the one teacher, not the downloaded one")
    help_text = "trained transcoders; reference_models/ and the paper's by default"
    add("--transcoders", nargs="+", type=Path, metavar="FOLDER", help=help_text)
    help_text = "leave out recordings that all transcoders of a name were trained on, which is an error otherwise"
    add("--leave_out_heard", action="store_true", help=help_text)
    add("--markdown", type=Path, metavar="FILE", help="write the tables to a file, too")
    add("--csv", type=Path, metavar="FILE", help="write all figures with their intervals and all digits")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each teacher and folder."""
    options = parse(arguments)
    with cli.quick_imports():
        from quality.comparison import compare
        from quality.contenders import choose, find_contenders
        from quality.evaluation_sets import find_set
        from quality.quality_table import as_csv, as_markdown

        from teachers.registry import find_weights, load_teacher

    names = list(dict.fromkeys(options.teachers))
    if options.teacher_weights and len(names) > 1:
        raise UserError(f"--teacher_weights is of one teacher: name it with --teachers, not {' and '.join(names)}")
    teachers = {name: load_teacher(name, weights=options.teacher_weights, folder=options.models) for name in names}
    for path in filter(None, (options.markdown, options.csv)):
        make_folder(path.parent)
    folders = options.transcoders or [REFERENCE_MODELS, options.models / "paper_transcoders"]
    contenders = [
        contender
        for name in names
        for contender in find_contenders(name, options.teacher_weights or find_weights(name, options.models), folders)
    ]
    sets = [find_set(folder, match=options.match) for folder in options.folders]
    # All of them before the first is measured: what cannot be told is told at once.
    chosen = [choose(contenders, one, leave_out_heard=options.leave_out_heard) for one in sets]
    tables: list[QualityTable] = []
    for one, numbers in zip(sets, chosen, strict=True):
        found = compare(one, contenders, numbers, teachers)
        print(*(f"{as_markdown(table)}\n" for table in found), sep="\n", flush=True)
        tables += found
        _write(options.markdown, "\n".join(f"{as_markdown(table)}\n" for table in tables))
        _write(options.csv, as_csv(tables))
    return 0


def _write(path: Path | None, text: str) -> None:
    """Write what is there so far, if it is wanted."""
    if path:
        with write_whole(path) as partial:
            partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(cli.run(main))
