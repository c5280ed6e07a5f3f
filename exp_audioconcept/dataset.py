"""Look at a collection before anything is trained: songs of each genre, their lengths, what is broken, the split."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT
from exp_audioconcept import script_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exp_audioconcept.songs.collection import Song


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    script_options.add_source_options(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what there is; 1 where songs cannot be read."""
    options = parse(arguments)
    options.teachers = ROOT
    from audiokit.sound.headers import read_headers
    from exp_audioconcept.classifiers.materials import split_of
    from exp_audioconcept.songs.collection import SUFFIXES, passed_over

    songs = script_options.source_of(options).songs
    headers = list(read_headers([song.path for song in songs]))
    print(cli.columns(_rows(songs, [0.0 if header.problem else header.seconds for header in headers])))
    problems = [header.problem for header in headers if header.problem]
    for problem in problems:
        print(problem)
    if left := passed_over(options.data):
        first, kinds = left[0].relative_to(options.data), ", ".join(sorted(SUFFIXES))
        print(
            f"passed over: {len(left)} files, {first} first; songs lie in the folder of their genre itself, as {kinds}"
        )
    known = {"names": [s.name for s in songs], "genres": [s.genre for s in songs], "groups": [s.group for s in songs]}
    kind, split = split_of(options.split or "auto", **known, seed=options.seed or 0)
    parts = f"{len(split.train)} to train, {len(split.valid)} to choose by, {len(split.test)} to test"
    print(f"split {kind}: {parts}")
    return int(bool(problems))


def _rows(songs: Sequence[Song], seconds: Sequence[float]) -> list[tuple[str, ...]]:
    """Genre, songs, and the shortest, the middle and the longest length."""
    rows = [("genre", "songs", "shortest", "median", "longest")]
    for genre in sorted({song.genre for song in songs}):
        own = sorted(length for song, length in zip(songs, seconds, strict=True) if song.genre == genre)
        rows.append((genre, str(len(own)), *(f"{own[place]:.1f} s" for place in (0, len(own) // 2, -1))))
    return rows


if __name__ == "__main__":
    sys.exit(cli.run(main))
