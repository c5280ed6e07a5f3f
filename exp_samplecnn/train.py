"""Train a SampleCNN.

The same command goes on with a training that was stopped. Models and scores go to LOG/DATE-DATASET-NAME/.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option
from exp_samplecnn.script_options import add_data_dir_option, add_dataset_argument, several
from exp_samplecnn.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = ("basic", "se", "res1", "res2", "rese1", "rese2")
PREDECESSOR = "as the original's predecessor (ICASSP 2018) has it: --multi --amplifying-ratio 16 --standardise none"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=PREDECESSOR, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add_dataset_argument(parser)
    add("name", metavar="NAME", nargs="?", help="Name of log directory.")
    add_data_dir_option(parser)
    add("--log-dir", type=Path, default=Path("log"), metavar="PATH", help="Directory where to write models.")
    add("--block", choices=BLOCKS, default="se", help="Convolutional block to build a model (default: se).")
    add("--amplifying-ratio", type=cli.above_zero, default=0.125, metavar="N", help="(%(default)s)")
    add("--multi", action="store_true", help="Use multi-level feature aggregation.")
    add("--batch-size", type=several, default=23, metavar="N", help="Mini-batch size (%(default)s).")
    add("--momentum", type=share, default=0.9, metavar="M", help="Momentum for SGD (%(default)s).")
    add("--lr", type=cli.above_zero, default=0.01, metavar="LR", help="Learning rate (%(default)s).")
    add("--lr-decay", type=cli.above_zero, default=0.2, metavar="DC", help="Learning rate decay rate (%(default)s).")
    add("--dropout", type=share, default=0.5, metavar="DO", help="Dropout rate (%(default)s).")
    add("--weight-decay", type=cli.not_negative, default=0.0, metavar="WD", help="Weight decay (%(default)s).")
    add("--num-stages", type=cli.positive, default=5, metavar="N", help="Number of stages to train (%(default)s).")
    add("--patience", type=cli.positive, default=2, metavar="N", help="Stop training stage after #patiences.")
    add(
        "--num-readers",
        type=cli.positive,
        default=8,
        metavar="N",
        help="No effect: one reads ahead, and is waited for by none.",
    )
    add("--epochs", type=cli.positive, default=100, metavar="N", help="Of a stage, at most (%(default)s).")
    add("--seed", type=cli.seed, default=0, metavar="N", help="(%(default)s)")
    add(
        "--standardise",
        choices=("paper", "data", "segment", "none"),
        default="paper",
        help="Constants: %(choices)s (%(default)s).",
    )
    add("--paper", action="store_true", help="The original's first weights and stages, see README.md.")
    add_device_option(parser)
    add("--mixed-precision", action="store_true", help="bfloat16 in convolutions and products")
    add("--compile", action="store_true", help="torch.compile")
    add("--augment", action="store_true", help="Change speed, place and loudness of what is trained on.")
    add("--new", action="store_true", help="Do not go on with a training that was stopped.")
    return parser.parse_intermixed_args(arguments)


def share(text: str) -> float:
    """Type of arguments from 0 to less than 1."""
    number = float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to below 1")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, and say where the model is."""
    options = parse(arguments)
    with cli.quick_imports():
        from audiokit.devices import can_mix_precision, choose_device
        from exp_samplecnn.data.segment_store import SegmentStore, store_path
        from exp_samplecnn.data.standardisation import standardisation
        from exp_samplecnn.learning.finishing import finish
        from exp_samplecnn.learning.log_folders import RECORDINGS, training_folder
        from exp_samplecnn.learning.model_files import ModelSettings
        from exp_samplecnn.learning.stages import StagedTraining, StageOptions

    device = choose_device(options.device)
    store = SegmentStore.open(store_path(options.data_dir, TASKS[options.dataset]), options.dataset)
    settings = ModelSettings(
        dataset=options.dataset,
        labels=store.task.labels,
        block=options.block,
        multi=options.multi,
        amplifying_ratio=options.amplifying_ratio,
        dropout=options.dropout,
        standardisation=standardisation(options.standardise, store),
    )
    stages = StageOptions(
        batch_size=options.batch_size,
        momentum=options.momentum,
        learning_rate=options.lr,
        decay=options.lr_decay,
        weight_decay=options.weight_decay,
        n_stages=options.num_stages,
        patience=options.patience,
        epochs=options.epochs,
        seed=options.seed,
        paper=options.paper,
        device=str(device),
        mixed_precision=options.mixed_precision and can_mix_precision(device),
        compile=options.compile,
        augment=options.augment,
    )
    n_parameters = sum(parameter.numel() for parameter in settings.network().parameters())
    name = options.name or options.block + ("_multi" if options.multi else "")
    told = {
        "store": str(store.path.resolve()),
        RECORDINGS: store.fingerprint,
        "model": settings.describe(),
        "training": asdict(stages),
    }
    folder, is_begun = training_folder(options.log_dir, f"{options.dataset}-{name}", told, new=options.new)
    print(f"{'going on in' if is_begun else 'training in'} {folder}: {n_parameters:,} parameters")
    training = StagedTraining(store, settings, stages, folder)
    training.run()
    print(finish(training))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
