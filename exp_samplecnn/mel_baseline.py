"""Measure a linear model on log-Mel spectrograms on the test split: what a network has to beat.

It is fitted in seconds on the same store, and its regularisation is chosen on the validation split.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from audiokit import cli
from exp_samplecnn.script_options import add_data_dir_option, add_dataset_argument
from exp_samplecnn.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_dataset_argument(parser)
    add_data_dir_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures, those of eval.py."""
    options = parse(arguments)
    with cli.quick_imports():
        from exp_samplecnn.data.clips import TEST
        from exp_samplecnn.data.segment_store import SegmentStore, store_path
        from exp_samplecnn.evaluation.measures import measure
        from exp_samplecnn.evaluation.mel_baseline import fit_linear_model
        from exp_samplecnn.evaluation.report import overall_text

    store = SegmentStore.open(store_path(options.data_dir, TASKS[options.dataset]), options.dataset)
    model = fit_linear_model(store)
    targets = store.targets[store.clips_of(TEST)]
    measured = measure(targets, model.scores, threshold=store.task.threshold)
    print(f"{len(targets)} clips of {options.dataset} by a linear model on Mels (C = {model.strength:g})")
    print(overall_text(measured, store.task.labels))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
