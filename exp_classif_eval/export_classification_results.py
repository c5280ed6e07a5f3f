"""Export the paper's tables, as export/results_classif_<dataset>.png, and pictures of what is taken for what."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from audiokit.options import add_table_options
from exp_classif_eval.labelled_datasets import dataset_named, labelled_datasets
from exp_classif_eval.main_doce_score import EXPERIMENT, add_arguments, classification_experiment, configure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from audiokit.experiments.experiment import Experiment
    from audiokit.experiments.plan import Setting
    from audiokit.labels.labelled_dataset import LabelledDataset
    from spectral_transcoder.classification.classification_experiment import ClassificationExperiment

PUBLISHED = "published (all folds)"
METHODS = {0: "groups of labels", 1: "head on the scores"}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--datasets", nargs="+", metavar="NAME", help="SONYC-UST, URBAN-SOUND-8K, ESC-50 …; all that have results")
    add_table_options(parser, formats="format of the tables", folder="folder for tables and pictures")
    add_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write tables and pictures."""
    options = parse(arguments)
    from audiokit.experiments.results import Display, result_rows, result_table
    from audiokit.experiments.tables.writing import write_table
    from exp_classif_eval.published_results import published_rows

    experiment = configure(EXPERIMENT, options)
    classification = classification_experiment(options)
    written = []
    for name in options.datasets or labelled_datasets():
        dataset = dataset_named(name)
        # The metric that the paper gives of such a dataset.
        display = Display((experiment.metric("macro_auprc" if dataset.is_multilabel else "acc_classif"),))
        found = result_rows(_settings(experiment, name), display.metrics, is_done=classification.is_done)
        if found.n_stale:
            print(f"{name}: {found.stale_line}", file=sys.stderr)
        if found.rows:
            extra = published_rows(name) if options.with_paper else ()
            table = result_table(experiment, found.rows, display, extra_rows=extra, extra_heading=PUBLISHED)
            path = options.output / f"results_classif_{_file_name(dataset)}.{options.ext}"
            written += [
                write_table(table, path),
                *_write_pictures(classification, dataset, found.settings, path.parent),
            ]
        elif options.datasets:
            print(f"{name} has no result yet: compute it with main_doce_score.py", file=sys.stderr)
    if not written:
        raise UserError("there is no result yet: compute some with python3 exp_classif_eval/main_doce_score.py -c")
    print("\n".join(map(str, written)))
    return 0


def _settings(experiment: Experiment, dataset: str) -> list[Setting]:
    """Those that give results."""
    from audiokit.experiments.selection import select

    return select(f"{{'dataset': '{dataset}', 'step': 'metric'}}", experiment.plans)


def _write_pictures(
    classification: ClassificationExperiment, dataset: LabelledDataset, settings: Sequence[Setting], folder: Path
) -> Iterator[Path]:
    """For each method and teacher: a value by class, and where clips have one class, confusion matrices."""
    from audiokit.files import make_folder
    from audiokit.labels.class_figures import class_figure, confusion_figure
    from audiokit.reports.figures import save

    make_folder(folder)
    for deep, classifier in dict.fromkeys((setting["deep"], setting["classifier"]) for setting in settings):
        of_both = [setting for setting in settings if (setting["deep"], setting["classifier"]) == (deep, classifier)]
        title = f"{dataset.name}, {classifier}, {METHODS[deep]}"
        stem = f"{_file_name(dataset)}_{classifier}_{'deep' if deep else 'reference'}"
        confusions = {setting["transcoder"]: classification.result(setting, "confusion") for setting in of_both}
        if dataset.is_multilabel:
            label, values = "AUPRC", {one["transcoder"]: classification.result(one, "auprc") for one in of_both}
        else:
            label, values = "recall", {name: confusion.diagonal() for name, confusion in confusions.items()}
            path = folder / f"confusion_{stem}.png"
            save(confusion_figure(confusions, dataset.classes, title=title), path)
            yield path
        path = folder / f"classes_{stem}.png"
        save(class_figure(values, dataset.classes, label=label, title=title), path)
        yield path


def _file_name(dataset: LabelledDataset) -> str:
    """As the original names its tables: urbansound8k, sonycust."""
    return dataset.name.lower().replace("-", "")


if __name__ == "__main__":
    sys.exit(cli.run(main))
