"""Options that several scripts have, each described in one place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import EXPORT

if TYPE_CHECKING:
    from argparse import ArgumentParser

__all__ = [
    "TABLE_FORMATS",
    "add_device_option",
    "add_mixed_precision_option",
    "add_skip_errors_option",
    "add_table_options",
    "add_workers_option",
]

TABLE_FORMATS = ("png", "html", "tex", "csv", "pdf")


def add_device_option(parser: ArgumentParser, *, default: str = "auto", purpose: str = "") -> None:
    """Add `--device`, for `devices.choose_device`; the purpose is for devices that do a part of the work only."""
    help_text = ": ".join(filter(None, ("auto, cpu, cuda or cuda:N", purpose)))
    parser.add_argument("--device", default=default, help=help_text)


def add_mixed_precision_option(
    parser: ArgumentParser, *, effect: str = "bfloat16 in convolutions and products"
) -> None:
    """Add `--mixed_precision`, for where `devices.can_mix_precision` says so."""
    parser.add_argument("--mixed_precision", action="store_true", help=effect)


def add_workers_option(parser: ArgumentParser) -> None:
    """Add `--workers`; None where it is not given."""
    parser.add_argument("--workers", type=cli.positive, help="processes; one for each core by default")


def add_skip_errors_option(parser: ArgumentParser) -> None:
    """Add `--skip_errors`, for work on many recordings."""
    parser.add_argument("--skip_errors", action="store_true", help="leave out recordings that cannot be read")


def add_table_options(
    parser: ArgumentParser, *, formats: str = "format", folder: str = "folder for the tables"
) -> None:
    """Add `--ext`, `--output` and `--with_paper`, for tables that are exported; the texts are for `--help`."""
    add = parser.add_argument
    add("--ext", default="png", choices=TABLE_FORMATS, help=formats)
    add("--output", type=Path, default=EXPORT, help=folder)
    add("--with_paper", action="store_true", help="print the paper's own figures below ours")
