"""From labelled recordings to a `ClipStore`: each decoded once, by all cores, and gone on with after any stop."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError, in_one_line
from audiokit.labels.clip_store import STAMP, ClipStore
from audiokit.labels.clip_store_layout import changes, write_layout
from audiokit.labels.clip_store_planning import ClipFeatures, PlannedClip, StoredClip, fingerprint, plan
from audiokit.sound.neighbours import shorter_than_neighbours
from audiokit.storage.journal import differences, remove_remains
from audiokit.storage.partial_rows import Outcome, Part, PartialRows
from audiokit.storage.row_making import make_rows
from audiokit.storage.worker_start import available_cores
from audiokit.storage.workers import results_in_rounds

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    import h5py

    from audiokit.storage.row_arrays import RowArray
    from audiokit.storage.row_writer import RowWriter

__all__ = ["ClipFeatures", "StoredClip", "Summary", "create_clip_store", "outdated", "tell"]

TOLD = 5
"""Recordings that are named where many cannot be used."""


@dataclass(frozen=True)
class Summary:
    """What came of making a store."""

    path: Path
    is_complete: bool
    """Whether the store is there."""
    n_clips: int = 0
    n_rows: int = 0
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Recordings that cannot be used → reason."""
    short: Sequence[str] = ()
    """Recordings that are too short for a row."""
    notes: Sequence[str] = ()
    """Recordings of which there is less than one could think, a line each."""


def create_clip_store(
    path: Path,
    clips: Sequence[StoredClip],
    features: ClipFeatures,
    *,
    columns: Mapping[str, Sequence],
    settings: Mapping[str, object] | None = None,
    workers: int | None = None,
    skip_errors: bool = False,
) -> Summary:
    """Make a store, or go on with it.

    It appears under its name when it is complete. What is done of it until then is kept
    (`audiokit.storage.partial_rows`).

    Parameters
    ----------
    columns
        what is known of the recordings: name → a value for each of `clips`, (n_clips, …).
    settings
        what else tells this store from another one.
    workers
        processes; one for each core by default.
    skip_errors
        leave out recordings that cannot be used; else the store is not completed where there are any.

    Raises
    ------
    UserError
        where a store of that name holds something else, another process makes it, or no recording can be used.
    """
    own = _own_settings(features, columns, settings)
    if path.exists():
        return _summary_of_existing(path, clips, features, own, columns, skip_errors=skip_errors)
    planned, unreadable, short = plan(clips, features)
    if not planned:
        reason = next(iter(unreadable.values()), "all are too short")
        raise UserError(f"none of the {len(clips)} recordings can be used ({reason})")
    with _partial_rows(path, planned, features, columns=columns, settings=own) as partial:
        unreadable |= _make_rows(partial, planned, features, workers=workers)
        if unreadable and not skip_errors:
            return Summary(path, False, unreadable=unreadable, short=short)
        notes = _notes(planned, partial.done)
        partial.finish()
    return replace(_summary(path), unreadable=unreadable, short=short, notes=notes)


def outdated(
    path: Path,
    clips: Sequence[StoredClip],
    features: ClipFeatures,
    *,
    columns: Mapping[str, Sequence],
    settings: Mapping[str, object] | None = None,
) -> str:
    """Why a store that is there is not what `create_clip_store` would make now, in words; empty where it is.

    Recordings that are not here any more are taken for the same.

    Raises
    ------
    UserError
        where there is none, or it cannot be read.
    """
    own = _own_settings(features, columns, settings)
    with ClipStore(path) as store:
        if told := _differences(store, clips, own, columns):
            return told
        missed = _missed(store, clips, features)
    return f"it lacks {len(missed)} recordings that are here now, {missed[0].name} first" if missed else ""


def _own_settings(
    features: ClipFeatures, columns: Mapping[str, Sequence], settings: Mapping[str, object] | None
) -> dict[str, object]:
    return {"features": features.description(), "columns": sorted(columns), **(settings or {})}


def _partial_rows(
    path: Path,
    planned: Sequence[PlannedClip],
    features: ClipFeatures,
    *,
    columns: Mapping[str, Sequence],
    settings: Mapping[str, object],
) -> PartialRows:
    """The store while it is being made."""

    def layout(file: h5py.File, counts: Sequence[int], compress: bool) -> None:
        options = {"arrays": features.arrays, "columns": columns, "settings": settings, "compress": compress}
        _write_layout(file, planned, counts, **options)

    return PartialRows(
        path,
        [clip.part for clip in planned],
        write_layout=layout,
        arrays=features.arrays,
        begun_with={"recordings": fingerprint(planned, columns), **settings},
    )


def _make_rows(
    partial: PartialRows, planned: Sequence[PlannedClip], features: ClipFeatures, *, workers: int | None
) -> dict[str, str]:
    """Make the rows that are missing, in several processes; gives recordings that cannot be used with the reason."""

    def outcomes_of(numbers: Sequence[int]) -> Generator[list[Outcome]]:
        n_processes = max(1, min(workers or available_cores(), len(numbers)))
        todo = [(planned[number].part, planned[number].path) for number in numbers]
        return results_in_rounds(_Extractor(features, partial.writer), todo, workers=n_processes)

    problems = make_rows(partial, outcomes_of, seconds=[clip.header.seconds for clip in planned])
    return {planned[number].name: problem for number, problem in problems.items()}


def tell(summary: Summary) -> int:
    """Say on stderr what came of it; gives the exit status: 0, or 1 where recordings could not be used."""
    reasons = list(summary.unreadable.values())
    lines = [f"{name} is too short and left out" for name in summary.short] + [*summary.notes, *reasons[:TOLD]]
    if len(reasons) > TOLD:
        lines.append(f"and {len(reasons) - TOLD} more")
    for line in lines:
        print(line, file=sys.stderr)
    if not summary.is_complete:
        print(
            f"error: {len(reasons)} recordings cannot be used, all others are done: mend them and run again, or leave "
            "them out with --skip_errors",
            file=sys.stderr,
        )
        return 1
    print(f"{summary.path}: {summary.n_rows} rows of {summary.n_clips} recordings")
    return 0


@dataclass(frozen=True)
class _Extractor:
    """Makes and writes the rows of a recording; can be sent to other processes."""

    features: ClipFeatures
    writer: RowWriter

    def __call__(self, task: tuple[Part, Path]) -> Outcome:
        part, path = task
        try:
            arrays = self.features(path)
        except Exception as error:
            return Outcome(part.index, problem=in_one_line(error, path))
        count = min(part.n_rows, *map(len, arrays.values()))
        if count:
            self.writer.write(part.group, part.first_row, {name: rows[:count] for name, rows in arrays.items()})
        return Outcome(part.index, n_rows=count)


def _write_layout(
    file: h5py.File,
    planned: Sequence[PlannedClip],
    counts: Sequence[int],
    *,
    arrays: Mapping[str, RowArray],
    columns: Mapping[str, Sequence],
    settings: Mapping[str, object],
    compress: bool,
) -> None:
    """Write all of a store but the rows; recordings of which there are none are left out."""
    kept = [(clip, count) for clip, count in zip(planned, counts, strict=True) if count]
    numbers = [clip.number for clip, _ in kept]
    known = {name: np.asarray(values)[numbers] for name, values in columns.items()}
    write_layout(
        file,
        [clip.name for clip, _ in kept],
        np.array([count for _, count in kept], np.int64),
        arrays=arrays,
        columns={STAMP: np.array([clip.header.stamp for clip, _ in kept], np.int64), **known},
        left_out={clip.name: clip.header.stamp for clip, count in zip(planned, counts, strict=True) if not count},
        settings=settings,
        compress=compress,
    )


def _notes(planned: Sequence[PlannedClip], done: Mapping[int, int]) -> list[str]:
    """Which recordings have fewer rows than their headers promise, or are shorter than nearly all others."""
    shortened = [
        f"{clip.name} has {done[number]} of the {clip.part.n_rows} rows that its header promises"
        for number, clip in enumerate(planned)
        if done.get(number, clip.part.n_rows) < clip.part.n_rows
    ]
    seconds = {clip.name: int(clip.header.seconds) for number, clip in enumerate(planned) if number in done}
    return shortened + shorter_than_neighbours(seconds)


def _summary(path: Path) -> Summary:
    with ClipStore(path) as store:
        return Summary(path, True, len(store.names), store.n_rows_in_all)


def _summary_of_existing(
    path: Path,
    clips: Sequence[StoredClip],
    features: ClipFeatures,
    settings: Mapping[str, object],
    columns: Mapping[str, Sequence],
    *,
    skip_errors: bool,
) -> Summary:
    """Nothing is to be done where the store is there; another one is not overwritten."""
    with ClipStore(path) as store:
        if told := _differences(store, clips, settings, columns):
            raise UserError(f"{path} holds something else ({told}): delete it, or give another name")
        missed = _missed(store, clips, features)
    notes = []
    if missed:
        told = f"{path} lacks {len(missed)} recordings that are here now, {missed[0].name} first"
        if not skip_errors:
            raise UserError(f"{told}: delete it to have it made anew, or do without them by --skip_errors")
        notes = [told]
    remove_remains(path)
    print(f"{path} is there already: delete it to have it made anew", file=sys.stderr)
    return replace(_summary(path), notes=notes)


def _differences(
    store: ClipStore, clips: Sequence[StoredClip], settings: Mapping[str, object], columns: Mapping[str, Sequence]
) -> str:
    """In what a store differs from what is asked for, in words; empty where it does not."""
    there = store.settings
    if there != json.loads(json.dumps(settings)):
        return differences(there, settings)
    return changes(store, {clip.name: clip.path for clip in clips}, columns)


def _missed(store: ClipStore, clips: Sequence[StoredClip], features: ClipFeatures) -> list[PlannedClip]:
    """Recordings that could be used, and were not here when the store was made."""
    known = {*store.names, *store.left_out}
    return plan([clip for clip in clips if clip.name not in known], features)[0]
