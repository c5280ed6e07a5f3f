"""Options of scripts that work with teachers, each described in one place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.paths import ROOT

if TYPE_CHECKING:
    from argparse import ArgumentParser

__all__ = ["add_foreground_option", "add_models_option", "add_teacher_options", "add_teacher_weights_option"]


def add_foreground_option(parser: ArgumentParser) -> None:
    """Add `--foreground`."""
    help_text = "score voices and birds by what stands out of the background"
    parser.add_argument("--foreground", action="store_true", help=help_text)


def add_models_option(parser: ArgumentParser) -> None:
    """Add `--models`, the folder that `registry.find_weights` looks in."""
    help_text = "folder that download_pretrained_models.py --output was given"
    parser.add_argument("--models", type=Path, default=ROOT, help=help_text)


def add_teacher_weights_option(parser: ArgumentParser) -> None:
    """Add `--teacher_weights`, for `registry.load_teacher`."""
    help_text = "checkpoint to use in place of the downloaded one"
    parser.add_argument("--teacher_weights", type=Path, metavar="FILE", help=help_text)


def add_teacher_options(parser: ArgumentParser, *, preferred: str) -> None:
    """Add `--teacher` and `--teacher_weights`.

    Parameters
    ----------
    preferred
        names in the order in which the script looks for weights where none is named: `"PANN, YamNet …"`.
    """
    help_text = f"{preferred}; by default the first of these whose weights are there"
    parser.add_argument("--teacher", help=help_text)
    add_teacher_weights_option(parser)
