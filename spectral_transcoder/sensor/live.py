"""Tags while the levels come: a line of JSON for each block, as soon as it is over."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.levels.overall import LevelHistogram
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.sensor.reading.opening import follow_levels
from spectral_transcoder.sensor.results.columns import summary_columns
from spectral_transcoder.sensor.results.report import notes_on
from spectral_transcoder.sensor.times.clock import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.tagging import Tagger

__all__ = ["follow"]


def follow(tagger: Tagger, path: str | Path) -> None:
    """Print a line of JSON for each block of levels that come, with what the summary of a file has in its columns.

    The numbers are those of the file that the same levels make. A block is told once there is its last frame, or one
    behind it; what is told of a file at its end, goes to the standard error when nothing more comes.

    Parameters
    ----------
    tagger
        says how to score and what to tell.
    path
        as `follow_levels` takes it.

    Raises
    ------
    UserError
        where what comes cannot be used.
    """
    predictor = tagger.predictor
    with follow_levels(path, tagger.reading, first_seconds=predictor.block_seconds) as source:
        print(f"{source.name}: read as {source.description}", file=sys.stderr)
        tagger = tagger.for_source(source)
        quality, histogram = Quality(), LevelHistogram()
        found = {"quality": quality, "histogram": histogram, "seconds_held": 1}
        try:
            for scored in predictor.score(source, db_offset=tagger.db_offset, **found):
                columns = summary_columns(source, scored, tagger.summary)
                for line in _lines(columns | {"time": as_text(scored.times, source.clock)}):
                    print(line, flush=True)
        finally:
            facts = {"quality": quality, "histogram": histogram, "db_offset": tagger.db_offset}
            for line in notes_on(source, tagger.summary, **facts):
                print(f"{source.name}: {line}", file=sys.stderr)


def _lines(columns: Mapping[str, NDArray]) -> Iterator[str]:
    """Rows of a table as JSON; what is not known is null, what is present or not true or false."""
    for row in zip(*columns.values(), strict=True):
        yield json.dumps({name: _plain(name, value) for name, value in zip(columns, row, strict=True)})


def _plain(name: str, value: object) -> object:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.integer):
        return int(value)
    if not np.isfinite(value):
        return None
    if name.endswith("_present"):
        return bool(value)
    # As many digits as the type has: the table of a file has them too.
    return float(str(value))
