"""Options that several scripts have, each described in one place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option, add_mixed_precision_option
from exp_emvd.places import AUDIO, FOLDER, STORE
from exp_emvd.tasks import BATCH_SIZE, EPOCHS

if TYPE_CHECKING:
    from argparse import ArgumentParser

__all__ = ["add_audio_option", "add_folds_option", "add_metadata_option", "add_training_options"]


def add_metadata_option(parser: ArgumentParser) -> None:
    """Add `--metadata`."""
    parser.add_argument(
        "--metadata", type=Path, default=FOLDER, metavar="FOLDER", help="of metadata_files.csv (%(default)s)"
    )


def add_audio_option(parser: ArgumentParser) -> None:
    """Add `--audio`."""
    parser.add_argument("--audio", type=Path, default=AUDIO, metavar="FOLDER", help="of the recordings (%(default)s)")


def add_folds_option(parser: ArgumentParser) -> None:
    """Add `--folds`; None where it is not given."""
    parser.add_argument("--folds", type=Path, metavar="FILE", help="(split_kfolds.csv beside metadata_files.csv)")


def add_training_options(parser: ArgumentParser) -> None:
    """Add what tells what is trained on and how: `--dataset`, `--epochs`, `--batch_size`, and the device."""
    add = parser.add_argument
    add("--dataset", type=Path, default=STORE, metavar="FILE", help="of create_dataset.py (%(default)s)")
    add("--epochs", type=cli.positive, default=EPOCHS, help="(%(default)s)")
    add(
        "--batch_size",
        type=cli.positive,
        default=BATCH_SIZE,
        metavar="N",
        help="chunks of a step (%(default)s); few recordings take smaller ones, for more steps",
    )
    add_device_option(parser)
    add_mixed_precision_option(parser)
