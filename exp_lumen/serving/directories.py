"""Recordings and datasets below the folder that is served, as requests name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError
from exp_lumen.data.sources import READERS
from exp_lumen.data.tables import unlabelled_paths
from exp_lumen.serving.places import check_inside, place_inside, without_root
from exp_lumen.serving.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exp_lumen.data.clips import LabelledClip

__all__ = ["labelled_inside", "recordings_inside"]


def recordings_inside(root: Path, names: Sequence[str]) -> list[Path]:
    """Recordings of folders, of tables with a column `file`, or single ones, each once.

    Raises
    ------
    Refusal
        403 for what lies outside, 404 where there is none.
    """
    if not names:
        raise Refusal(422, "no folder is named: send a list of paths")
    paths: list[Path] = []
    for name in names:
        try:
            paths += unlabelled_paths(place_inside(root, name))
        except UserError as error:
            raise Refusal(404, without_root(root, error)) from error
    check_inside(root, paths)
    return list(dict.fromkeys(path.resolve() for path in paths))


def labelled_inside(root: Path, datasets: Sequence[tuple[str, str]]) -> list[LabelledClip]:
    """Labelled recordings of datasets, each a type and a path; a recording of several of them once.

    Raises
    ------
    Refusal
        406 where a table is wanted and something else is named, 422 for an unknown type, no dataset at all, or a
        recording with two sets of labels, 403 for what lies outside, 404 where there is none.
    UserError
        where it is no such dataset.
    """
    if not datasets:
        raise Refusal(422, "no dataset is named: send a list of types and paths")
    clips: list[LabelledClip] = []
    for kind, name in datasets:
        if kind not in READERS:
            raise Refusal(422, f"there is no type {kind!r} of datasets: GET /dataset-types lists them")
        path = place_inside(root, name)
        if kind == "csv" and (path.suffix.lower() != ".csv" or not path.is_file()):
            raise Refusal(406, f"{name!r} is no table: name a CSV")
        clips += READERS[kind](path)
    check_inside(root, [clip.path for clip in clips])
    return _each_once(clips)


def _each_once(clips: Sequence[LabelledClip]) -> list[LabelledClip]:
    """Clips of which no two are of one file."""
    found: dict[Path, LabelledClip] = {}
    for clip in clips:
        first = found.setdefault(clip.path.resolve(), clip)
        if (clip.labels, clip.known) != (first.labels, first.known):
            raise Refusal(422, f"{clip.path.name!r} comes twice, and with other labels: name one of the datasets")
    return list(found.values())
