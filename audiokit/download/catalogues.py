"""Catalogues of what can be downloaded: TOML files, of which each package has its own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_tables"]


def read_tables(name: str, path: str | Path | None = None) -> Iterator[tuple[str, dict]]:
    """Tables of a catalogue by their names.

    Parameters
    ----------
    name
        of the catalogues of all packages of the checkout: `audio_datasets.toml` …
    path
        the one file to read in their place.
    """
    for found in [Path(path)] if path else sorted(ROOT.glob(f"*/{name}")):
        yield from tomllib.loads(found.read_text(encoding="utf-8")).items()
