"""Recordings that were named on a command line, one after the other; a bad one never costs the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import Failures, UserError
from audiokit.files import output_stem
from audiokit.sound.audio import find_audio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["for_each_recording"]


def for_each_recording(names: Iterable[str], make: Callable[[Path], None]) -> int:
    """Make something of each recording, under the name that `output_stem` gives it; what goes wrong is told.

    Parameters
    ----------
    names
        paths, or bare names of files in `audio/`.
    make
        called with the path of each.

    Returns
    -------
    int
        1 where a recording could not be used, else 0.
    """
    failures = Failures()
    made_of: dict[str, Path] = {}
    for name in names:
        with failures.of(name):
            path = find_audio(name)
            stem = output_stem(path)
            if made_of.get(stem, path) != path:
                raise UserError(f"{path} would overwrite what is made of {made_of[stem]}: rename it, or use --output")
            make(path)
            made_of[stem] = path
    return failures.status
