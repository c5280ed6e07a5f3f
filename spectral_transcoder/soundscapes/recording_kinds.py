"""Recordings by what a teacher hears in them above all, so that scenes can have each kind of sound about as often.

Collections are what somebody could record: of the sounds of games, telephones and lessons nearly half are speech, and
few are engines. A network that is trained on such hears speech and music in whatever it does not know.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.errors import UserError, in_one_line
from audiokit.files import UNKNOWN_STAMP, sha256, stamp, write_whole
from audiokit.learning.inference import quicken
from audiokit.sound.audio import Recording
from teachers.registry import load_teacher

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from teachers.registry import Teacher

__all__ = ["HeardKind", "KindListener", "collections_by_kind", "read_heard", "read_kinds", "write_kinds"]

COLUMNS = ("recording", "kind", "teacher")
DETAILS = ("bytes", "changed_ns", "weights")
"""Further columns: the recording's stamp, and which weights the teacher had; tables of before have none."""

WEIGHTS_DIGITS = 12
LONGEST_SECONDS = 20
"""That are listened to, from the beginning."""

LOUDEST_SECONDS = 4
"""Of these, in which a recording shows best what it is of."""

PEAK = 0.5
SMALLEST_PEAK = 1e-4

RARE = 2
"""Recordings of a kind, up to which kinds are put together."""

RARE_TOGETHER = 4
MOST_COLLECTIONS = 10
REMEDY = "list the kinds with exp_train_model/list_kinds.py"
COMMONNESS = 0.4
"""Exponent: of a kind with ten times as many recordings scenes have two and a half times as much, and no more."""


@dataclass(frozen=True)
class HeardKind:
    """What a recording is of."""

    path: Path
    kind: str = ""
    """Label of the teacher; empty where it cannot be read."""

    problem: str = ""
    stamp: tuple[int, int] = UNKNOWN_STAMP
    """Of the recording when it was heard, as `audiokit.files.stamp` gives it."""

    weights: str = ""
    """First digits of the SHA-256 of the teacher's weights; empty where nobody noted them."""

    def still_holds(self, *, weights: str, since: int) -> bool:
        """Whether the recording and the weights are what they were.

        Parameters
        ----------
        weights
            of the teacher now.
        since
            when the table was written, ns since 1970: of what it does not tell the stamp, that must not be younger.
        """
        try:
            now = stamp(self.path)
        except OSError:
            return False
        is_same = now[1] <= since if self.stamp == UNKNOWN_STAMP else now == self.stamp
        return bool(self.kind) and is_same and self.weights in ("", weights)


@dataclass(frozen=True)
class KindListener:
    """A teacher who names the kind of a recording; can be sent to other processes."""

    teacher_name: str
    weights: Path

    def __call__(self, path: Path) -> HeardKind:
        """The label with the highest mean score in the loudest seconds."""
        try:
            stamped = stamp(path)
            recording = Recording(path, sample_rate=self.teacher.sample_rate)
            waveform = recording.read(0, min(recording.n_samples, LONGEST_SECONDS * self.teacher.sample_rate))
        except Exception as error:
            return HeardKind(path, problem=in_one_line(error, path))
        return HeardKind(path, self.kind(waveform), stamp=stamped, weights=self.weights_digits)

    def kind(self, waveform: NDArray[np.float32]) -> str:
        """Of a sound, (n_samples,) at the teacher's sample rate; less than a second is followed by silence."""
        rate = self.teacher.sample_rate
        seconds = np.pad(waveform, (0, max(0, rate - len(waveform))))
        seconds = loudest(seconds[: len(seconds) // rate * rate].reshape(-1, rate), LOUDEST_SECONDS)
        seconds = torch.from_numpy(seconds * (PEAK / max(np.abs(seconds).max(), SMALLEST_PEAK)))
        with torch.inference_mode():
            mel = self.teacher.front_end(seconds.float())[:, : self.teacher.front_end.chunk_frames]
            return self.teacher.labels[int(self.teacher.scores(mel).mean(dim=0).argmax())]

    @cached_property
    def weights_digits(self) -> str:
        """By which tables tell the weights."""
        return sha256(self.weights)[:WEIGHTS_DIGITS]

    @cached_property
    def teacher(self) -> Teacher:
        """Loaded where it is first needed, which is in each process."""
        teacher = load_teacher(self.teacher_name, weights=self.weights)
        quicken(teacher.network)
        return teacher


def loudest(seconds: NDArray[np.float32], n_seconds: int) -> NDArray[np.float32]:
    """The successive seconds with the highest power, (n, n_samples) → (at most n_seconds, n_samples)."""
    n_seconds = min(n_seconds, len(seconds))
    power = np.convolve(np.square(seconds).sum(axis=1), np.ones(n_seconds), mode="valid")
    start = int(power.argmax())
    return seconds[start : start + n_seconds]


def collections_by_kind(kinds: Mapping[Path, str]) -> list[list[Path]]:
    """Recordings in collections of which scenes draw each as often.

    A kind has the more collections the more recordings it has, but by far not in proportion; kinds of one or two
    recordings share theirs.

    Parameters
    ----------
    kinds
        recording → kind; those without one are left out.
    """
    by_kind: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(kinds):
        if kinds[path]:
            by_kind[kinds[path]].append(path)
    rare = [path for kind in sorted(by_kind) for path in by_kind[kind] if len(by_kind[kind]) <= RARE]
    collections = [rare[start : start + RARE_TOGETHER] for start in range(0, len(rare), RARE_TOGETHER)]
    for kind in sorted(by_kind):
        paths = by_kind[kind]
        if len(paths) > RARE:
            n_collections = min(MOST_COLLECTIONS, round(len(paths) ** COMMONNESS))
            collections += [paths[start::n_collections] for start in range(n_collections)]
    return collections


def write_kinds(path: Path, heard: Iterable[HeardKind], teacher: str) -> None:
    """Write a table of recordings and what kinds a teacher says that they are of."""
    with write_whole(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS + DETAILS)
        for one in sorted(heard, key=lambda one: one.path):
            writer.writerow((one.path.as_posix(), one.kind, teacher, *one.stamp, one.weights))


def read_kinds(path: Path, *, recordings: Sequence[Path] = ()) -> dict[Path, str]:
    """Recording → kind; an empty one for what could not be read.

    Parameters
    ----------
    recordings
        that must be in the table; only these are given. All that are there by default.

    Raises
    ------
    UserError
        as `read_heard`, and where the table lacks a recording.
    """
    kinds = {recording: heard.kind for recording, heard in read_heard(path).items()}
    if missing := [recording for recording in recordings if recording not in kinds]:
        raise UserError(f"{missing[0]} and {len(missing) - 1} more are not in {path}: {REMEDY} again")
    return {recording: kinds[recording] for recording in recordings} if recordings else kinds


def read_heard(path: Path, *, teacher: str | None = None) -> dict[Path, HeardKind]:
    """Recording → what was heard in it, as `write_kinds` has written it.

    Parameters
    ----------
    teacher
        who must have listened; any by default.

    Raises
    ------
    UserError
        where the table cannot be read, or is another teacher's.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise UserError(f"{path} lists no kinds of recordings: {REMEDY}")
            rows = list(rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path} ({in_one_line(error, path)}): {REMEDY}") from error
    if teacher and (others := {row["teacher"] for row in rows} - {teacher}):
        raise UserError(f"{path} has kinds by {min(others)}, not by {teacher}: name another table")
    return {heard.path: heard for heard in map(_heard, rows)}


def _heard(row: Mapping[str, str]) -> HeardKind:
    """A row of a table; what its last columns hold only if that is what they should."""
    n_bytes, changed, weights = (row.get(name) or "" for name in DETAILS)
    stamped = (int(n_bytes), int(changed)) if n_bytes.isdecimal() and changed.isdecimal() else UNKNOWN_STAMP
    return HeardKind(Path(row["recording"]), row["kind"], stamp=stamped, weights=weights)
