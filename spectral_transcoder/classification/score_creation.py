"""From labelled recordings to the scores of several models."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.files import UNKNOWN_STAMP, changed_files, stamp
from audiokit.sound.recording_path import recording_path
from audiokit.storage.worker_start import available_cores
from audiokit.storage.workers import results_in_rounds
from spectral_transcoder.classification.clip_scores import ClipScorer, ScoredClip
from spectral_transcoder.classification.partial_scores import PartialScores
from spectral_transcoder.classification.score_file import (
    ModelScores,
    ScoreFile,
    recordings_checksum,
    write_score_file,
)
from spectral_transcoder.classification.scored_models import classifier_of, teacher_of
from teachers.registry import labels_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

    from audiokit.labels.labelled_dataset import Clip, LabelledDataset
    from spectral_transcoder.classification.scored_models import ScoredModel

__all__ = ["Summary", "create_scores"]

CLIPS_AT_ONCE = 8
"""What a process takes in hand: 80 s of SONYC's 10-s clips, which PANN's activations fill a gigabyte with."""


@dataclass(frozen=True)
class Summary:
    """What came of it."""

    path: Path
    is_complete: bool
    """Whether the file is there."""

    n_clips: int = 0
    models: Sequence[str] = ()
    unusable: Mapping[str, str] = field(default_factory=dict)
    """Recordings that cannot be used → reason."""

    notes: Sequence[str] = ()
    """How recordings were read that were scored just now, a line each."""

    absent: Sequence[str] = ()
    """Recordings that the tables name and the folder does not hold."""


def create_scores(
    dataset: LabelledDataset,
    audio_path: Path,
    path: Path,
    models: Sequence[ScoredModel],
    *,
    workers: int | None = None,
    device: str = "cpu",
    paper: bool = False,
    skip_errors: bool = False,
) -> Summary:
    """Score all recordings of a dataset by all models, or go on with it.

    Scores that are in the file already stay as they are, but for those of a teacher whose weights are others now; those
    of further models and of further recordings are added.
    What is done of them until all are is kept, see `partial_scores`.

    Parameters
    ----------
    dataset
    audio_path
        folder that the dataset's own folder is in.
    path
        of the score file.
    models
    workers
        processes; one for each core by default.
    device
        to compute on; with another than the CPU, one process does all.
    paper
        give YAMNet's transcoders the waveform that the original gives them.
    skip_errors
        leave out recordings that cannot be used; else the file is not completed where there are any.

    Raises
    ------
    UserError
        where there is no recording, or another process makes the same scores.
    """
    clips = dataset.find_clips(audio_path)
    scorer = ClipScorer(tuple(models), dataset.folder_in(audio_path) / dataset.audio, paper=paper, device=device)
    stamps = _stamps(clips, scorer.audio)
    target = _Target(path, dataset, clips, stamps, {model.name: model.fingerprint() for model in models}, paper)
    there = _There.read(path, target.checksum).without_changed(scorer.audio)
    added = tuple(model for model in models if there.fingerprint(model.name) != target.fingerprints[model.name])
    usable = _names_of_known(clips, stamps) | (set() if added else there.rows.keys())
    absent = _absent(clips, usable, of=dataset.name, audio=scorer.audio)
    if not added and there.rows.keys() >= usable:
        return Summary(path, True, len(there.rows), tuple(there.models), absent=absent)
    labels = {model.name: labels_of(model.classifier) for model in models}
    own = target.settings | {"device": device.split(":")[0]}
    with PartialScores(path, own, stamps=stamps, n_scores=sum(map(len, labels.values()))) as partial:
        work = _Work(clips, scorer, labels, added, there)
        unusable = work.do(partial, usable, n_processes=(workers or available_cores()) if device == "cpu" else 1)
        if unusable and not skip_errors:
            return Summary(path, False, unusable=unusable, notes=tuple(work.notes), absent=absent)
        if len(partial.done) == 0:
            raise UserError(f"no recording of {dataset.name} can be used: {next(iter(unusable.values()))}")
        n_scored, names = target.write(partial, there, labels)
        partial.remove()
    return Summary(path, True, n_scored, names, unusable, tuple(work.notes), absent)


@dataclass(frozen=True)
class _Target:
    """What the score file is to hold."""

    path: Path
    dataset: LabelledDataset
    clips: Sequence[Clip]
    stamps: NDArray[np.int64]
    """(n_clips, 2)"""

    fingerprints: Mapping[str, str]
    """Of the models that are asked for, by name."""

    paper: bool

    @cached_property
    def checksum(self) -> str:
        """Of the recordings and what is known of them."""
        return recordings_checksum(self.clips)

    @property
    def settings(self) -> dict[str, object]:
        """What scores must have in common to be one file's."""
        return {"recordings": self.checksum, "models": dict(self.fingerprints), "paper": self.paper}

    def write(
        self, partial: PartialScores, there: _There, labels: Mapping[str, Sequence[str]]
    ) -> tuple[int, tuple[str, ...]]:
        """Write all that is done, with what else the file has; gives the count of recordings and names of models."""
        numbers, scores = partial.scores()
        now = time.time_ns()
        made = {
            name: ModelScores(values, labels[name], self.fingerprints[name], now)
            for name, values in _by_model(scores, labels).items()
        }
        scored = [self.clips[number] for number in numbers]
        then = there.completed(self.stamps, self.clips)[numbers]
        kept = there.others([clip.name for clip in scored], but=made) | made
        options = {"recordings": self.checksum, "paper": self.paper, "stamps": then}
        write_score_file(self.path, self.dataset, scored, kept, **options)
        return len(scored), tuple(kept)


def _stamps(clips: Sequence[Clip], audio: Path) -> NDArray[np.int64]:
    """Stamps of recordings, (n_clips, 2); unknown ones of those that are not here."""
    paths = [recording_path(audio, clip.name) for clip in clips]
    stamps = [stamp(path) if path.is_file() else UNKNOWN_STAMP for path in paths]
    return np.array(stamps, np.int64).reshape(-1, 2)


def _names_of_known(clips: Sequence[Clip], stamps: NDArray[np.int64]) -> set[str]:
    """Names of recordings that are here."""
    return {clip.name for clip, is_known in zip(clips, stamps.any(axis=1), strict=True) if is_known}


def _absent(clips: Sequence[Clip], usable: Collection[str], *, of: str, audio: Path) -> list[str]:
    """Names of recordings that are not here.

    Raises
    ------
    UserError
        where none is.
    """
    absent = [clip.name for clip in clips if clip.name not in usable]
    if len(absent) == len(clips):
        raise UserError(f"none of the {len(clips)} recordings of {of} is in {audio}")
    return absent


def _by_model(scores: NDArray[np.float32], labels: Mapping[str, Sequence[str]]) -> dict[str, NDArray[np.float32]]:
    """(..., scores of all models) → scores of each."""
    edges = np.cumsum([len(names) for names in labels.values()], dtype=int)
    return dict(zip(labels, np.split(scores, edges, axis=-1), strict=False))  # what is left after the last is empty


@dataclass(frozen=True)
class _There:
    """Scores that the file holds already."""

    path: Path
    rows: Mapping[str, int] = field(default_factory=dict)
    """Name of the recording → row."""

    models: Mapping[str, ModelScores] = field(default_factory=dict)
    stamps: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    """(n_rows, 2), as those of the file."""

    @classmethod
    def read(cls, path: Path, checksum: str) -> Self:
        """Nothing where there is no file, or one of other recordings."""
        if not path.exists():
            return cls(path)
        file = ScoreFile(path)
        if file.recordings != checksum:
            print(f"{path} is made anew: the recordings or their labels have changed", file=sys.stderr)
            return cls(path)
        rows = {name: row for row, name in enumerate(file.names)}
        return cls(path, rows, {name: file.model(name) for name in file.fingerprints}, file.stamps)

    def without_changed(self, audio: Path) -> Self:
        """Without the rows of recordings that are not what they were when they were scored."""
        names = list(self.rows)
        changed = {
            names[number] for number in changed_files([recording_path(audio, name) for name in names], self.stamps)
        }
        if changed:
            print(f"{self.path}: {len(changed)} recordings have changed and are scored anew", file=sys.stderr)
        if unknown := int((~self.stamps.any(axis=1)).sum()):
            print(f"{self.path}: whether {unknown} recordings have changed since is not known", file=sys.stderr)
        return replace(self, rows={name: row for name, row in self.rows.items() if name not in changed})

    def completed(self, stamps: NDArray[np.int64], clips: Sequence[Clip]) -> NDArray[np.int64]:
        """Stamps, (n_clips, 2), with those that were noted of recordings that were not read again."""
        completed = stamps.copy()
        for number, clip in enumerate(clips):
            if clip.name in self.rows:
                completed[number] = self.stamps[self.rows[clip.name]]
        return completed

    def fingerprint(self, model: str) -> str:
        """Of a model; empty where it is not there."""
        return self.models[model].fingerprint if model in self.models else ""

    def others(self, recordings: Sequence[str], *, but: Mapping[str, ModelScores]) -> dict[str, ModelScores]:
        """Models but some, as long as they are of the same teachers and have scores of all these recordings."""
        others = {name: model for name, model in self.models.items() if name not in but}
        weights = {classifier_of(name): teacher_of(model.fingerprint) for name, model in but.items()}
        replaced = [
            name
            for name, model in others.items()
            if weights.get(classifier_of(name)) not in (None, teacher_of(model.fingerprint))
        ]
        self._tell_dropped(replaced, "for their teacher has other weights now")
        others = {name: model for name, model in others.items() if name not in replaced}
        if not self.rows.keys() >= set(recordings):
            self._tell_dropped(others, "for recordings were added or changed")
            return {}
        rows = [self.rows[name] for name in recordings] if others else []
        return {name: replace(model, scores=model.scores[rows]) for name, model in others.items()}

    def _tell_dropped(self, models: Collection[str], reason: str) -> None:
        if models:
            print(f"{self.path}: {', '.join(models)} are dropped, {reason}", file=sys.stderr)


@dataclass(frozen=True)
class _Work:
    """Scores that have to be made: of old recordings by added models, and of new ones by all."""

    clips: Sequence[Clip]
    scorer: ClipScorer
    """With all models."""

    labels: Mapping[str, Sequence[str]]
    added: tuple[ScoredModel, ...]
    there: _There
    notes: list[str] = field(default_factory=list)
    """Gathered by `do`."""

    def do(self, partial: PartialScores, usable: Collection[str], *, n_processes: int) -> dict[str, str]:
        """Score recordings that are usable and not done; gives those that could not be used, with the reason."""
        done = set(partial.done.tolist())
        if done:
            print(f"going on: {len(done)} of {len(self.clips)} recordings are done", file=sys.stderr)
        numbered = [(number, clip.name) for number, clip in enumerate(self.clips)]
        todo = [item for item in numbered if item[0] not in done and item[1] in usable]
        unusable = {}
        with tqdm(total=len(done) + len(todo), initial=len(done), unit="file", desc="scores", disable=None) as bar:
            for scored in self._scored(todo, n_processes):
                partial.record([self._complete(clip) for clip in scored])
                unusable |= {self.clips[clip.index].name: clip.problem for clip in scored if clip.problem}
                self.notes.extend(f"{self.clips[clip.index].name}: {note}" for clip in scored for note in clip.notes)
                bar.update(len(scored))
        return unusable

    def _scored(self, todo: Sequence[tuple[int, str]], n_processes: int) -> Iterator[list[ScoredClip]]:
        old = [item for item in todo if item[1] in self.there.rows]
        new = [item for item in todo if item[1] not in self.there.rows]
        if not self.added:
            yield [ScoredClip(number, np.empty(0, np.float32)) for number, _ in old]
            old = []
        for scorer, items in ((replace(self.scorer, models=self.added), old), (self.scorer, new)):
            batches = [items[start : start + CLIPS_AT_ONCE] for start in range(0, len(items), CLIPS_AT_ONCE)]
            workers = max(1, min(n_processes, len(batches)))
            with closing(results_in_rounds(scorer, batches, workers=workers)) as rounds:
                for results in rounds:
                    yield [clip for result in results for clip in result]

    def _complete(self, clip: ScoredClip) -> ScoredClip:
        """With the scores that are there already."""
        row = self.there.rows.get(self.clips[clip.index].name)
        if row is None or clip.scores is None:
            return clip
        made = _by_model(clip.scores, {model.name: self.labels[model.name] for model in self.added})
        rows = [made[name] if name in made else self.there.models[name].scores[row] for name in self.labels]
        return replace(clip, scores=np.concatenate(rows))
