"""Options that several scripts have, each described in one place."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from exp_samplecnn.tasks import TASKS

if TYPE_CHECKING:
    from argparse import ArgumentParser

__all__ = ["add_data_dir_option", "add_dataset_argument", "add_model_argument", "several"]


def add_dataset_argument(parser: ArgumentParser) -> None:
    """Add `DATASET`, one of the tasks."""
    parser.add_argument("dataset", metavar="DATASET", choices=TASKS, help="{mtt|scd|dcs}")


def add_data_dir_option(parser: ArgumentParser) -> None:
    """Add `--data-dir`."""
    help_text = "recordings lie in PATH/DATASET/raw (%(default)s)"
    parser.add_argument("--data-dir", type=Path, default=Path("data"), metavar="PATH", help=help_text)


def add_model_argument(parser: ArgumentParser) -> None:
    """Add `MODEL`, a training's result."""
    help_text = "a final-….safetensors, or its folder in log/"
    parser.add_argument("model", metavar="MODEL", type=Path, help=help_text)


def several(text: str) -> int:
    """Type of the argument that is a batch to train on: of a single segment, there is no spread to normalise by."""
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError(f"{text} is below 2")
    return number
