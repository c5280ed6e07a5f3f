"""Measure a trained SampleCNN on the test split: tables and pictures, as a whole and by class."""

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
    add("--batch-size", type=cli.positive, default=23, metavar="N", help="(%(default)s)")
    add("--num-readers", type=cli.positive, default=8, metavar="N", help="no effect, as in train.py")
    add("--output", type=Path, metavar="FOLDER", help="for tables and pictures (evaluation/ beside the model)")
    add_device_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures, and write tables and pictures."""
    options = parse(arguments)
    with cli.quick_imports():
        from audiokit.devices import choose_device
        from audiokit.files import make_folder
        from exp_samplecnn.data.clips import TEST
        from exp_samplecnn.evaluation import report
        from exp_samplecnn.evaluation.measures import measure
        from exp_samplecnn.evaluation.scores import clip_scores
        from exp_samplecnn.learning.trained import open_trained

    device = choose_device(options.device)
    trained = open_trained(options.model, options.data_dir, options.dataset)
    store, settings, path = trained.store, trained.settings, trained.path
    clips = store.clips_of(TEST)
    scores = clip_scores(
        trained.network,
        store,
        TEST,
        standardisation=settings.standardisation,
        batch_size=options.batch_size,
        device=device,
    )
    measured = measure(store.targets[clips], scores, threshold=store.task.threshold)
    print(f"{len(clips)} clips of {options.dataset} by {path}")
    print(report.overall_text(measured, store.task.labels))
    folder = make_folder(options.output or path.parent / "evaluation")
    report.write_class_table(folder / "classes.csv", measured, store.task.labels)
    report.write_clip_scores(folder / "scores.csv", [store.names[clip] for clip in clips], scores, store.task.labels)
    title = f"{settings.block}{' multi' if settings.multi else ''}, {store.title}"
    report.draw_measures(folder, measured, store.task, store.targets[clips], scores, title=title)
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
