"""What the command lines of benchmarks share that print several tables."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["table_parser"]


def table_parser(text: str, tables: Sequence[str], *, repeats: int) -> argparse.ArgumentParser:
    """A parser with options `--tables`, which may be fewer than all, and `--repeats`.

    Parameters
    ----------
    text
        of `--help`, as it stands.
    tables
        that there are.
    repeats
        how often a task is timed by default.
    """
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=tables, default=tables)
    parser.add_argument("--repeats", type=int, default=repeats)
    return parser
