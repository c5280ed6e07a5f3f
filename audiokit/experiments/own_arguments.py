"""Options of an experiment's own, written as a command line again, to be passed on to its script."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["own_arguments"]


def own_arguments(add_arguments: Callable[[argparse.ArgumentParser], object], options: argparse.Namespace) -> list[str]:
    """Arguments that give an experiment these options: `["--device", "cpu", "--paper"]`.

    Parameters
    ----------
    add_arguments
        adds the experiment's options, `--name` each, to a parser.
    options
        read by a parser that has them, among others.

    Returns
    -------
    list
        without what is the default; paths are absolute, so that it does not matter where the command is run.
    """
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    arguments = []
    for name, default in vars(parser.parse_args([])).items():
        value = getattr(options, name)
        if value != default:
            arguments += [f"--{name}", *_texts(value)]
    return arguments


def _texts(value: object) -> list[str]:
    """What follows the name of an option; nothing after a flag."""
    if value is True:
        return []
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return [str(value.absolute() if isinstance(value, Path) else value)]
