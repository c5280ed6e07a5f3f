"""From labelled recordings to the scores of several models."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from spectral_transcoder.classification.clip_scores import ClipScorer
from spectral_transcoder.classification.partial_scores import PartialScores
from spectral_transcoder.classification.score_file import (
    ModelScores,
    ScoreFile,
    recordings_checksum,
    write_score_file,
)
from spectral_transcoder.datasets.workers import available_cores, results_in_rounds
from spectral_transcoder.errors import UserError
from spectral_transcoder.teachers import labels_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spectral_transcoder.classification.labelled_dataset import Clip, LabelledDataset
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

    Models whose scores are in the file already stay as they are; others are added to it. What is done of them until
    all are is kept, see `partial_scores`.

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
        where there is no recording.
    """
    clips = dataset.find_clips(audio_path)
    audio = dataset.folder_in(audio_path) / dataset.audio
    checksum = recordings_checksum(clips)
    there = _existing(path, checksum)
    wanted = [model for model in models if there.get(model.name, NOTHING).fingerprint != model.fingerprint()]
    absent = [clip.name for clip in clips if not (audio / clip.name).is_file()]
    if len(absent) == len(clips):
        raise UserError(f"none of the {len(clips)} recordings of {dataset.name} is in {audio}")
    if not wanted:
        return Summary(path, True, len(ScoreFile(path).names), tuple(there), absent=absent)
    settings = {
        "recordings": checksum,
        "models": {model.name: model.fingerprint() for model in wanted},
        "paper": paper,
        "device": device.split(":")[0],
    }
    labels = [labels_of(model.classifier) for model in wanted]
    edges = np.cumsum([0, *map(len, labels)])
    with PartialScores(path, settings, n_clips=len(clips), n_scores=int(edges[-1])) as partial:
        scorer = ClipScorer(tuple(wanted), audio, paper=paper, device=device)
        unusable = _score(scorer, clips, partial, absent=set(absent), workers=workers if device == "cpu" else 1)
        if unusable and not skip_errors:
            return Summary(path, False, unusable=unusable, absent=absent)
        numbers, scores = partial.scores()
        if len(numbers) == 0:
            raise UserError(f"no recording of {dataset.name} can be used: {next(iter(unusable.values()))}")
        made = {
            model.name: ModelScores(scores[:, start:stop], names, model.fingerprint())
            for model, names, start, stop in zip(wanted, labels, edges[:-1], edges[1:], strict=True)
        }
        kept = _rows_of(there, [clips[number].name for number in numbers], path)
        write_score_file(
            path, dataset, [clips[number] for number in numbers], kept | made, recordings=checksum, paper=paper
        )
        partial.remove()
    return Summary(path, True, len(numbers), tuple(kept | made), unusable, absent)


NOTHING = ModelScores(np.empty((0, 0), np.float32), (), "")


def _existing(path: Path, checksum: str) -> dict[str, ModelScores]:
    """Scores that are there already, unless they are of other recordings."""
    if not path.exists():
        return {}
    file = ScoreFile(path)
    if file.recordings != checksum:
        print(f"{path} is made anew: the recordings or their labels have changed", file=sys.stderr)
        return {}
    return {name: file.model(name) for name in file.fingerprints}


def _rows_of(there: Mapping[str, ModelScores], names: Sequence[str], path: Path) -> dict[str, ModelScores]:
    """Scores that are there already, of the recordings with these names; none where one of them is missing."""
    if not there:
        return {}
    row = {name: number for number, name in enumerate(ScoreFile(path).names)}
    if not row.keys() >= set(names):
        print(f"{path}: scores of other models are dropped, since recordings were added", file=sys.stderr)
        return {}
    rows = [row[name] for name in names]
    return {name: ModelScores(model.scores[rows], model.labels, model.fingerprint) for name, model in there.items()}


def _score(
    scorer: ClipScorer,
    clips: Sequence[Clip],
    partial: PartialScores,
    *,
    absent: set[str],
    workers: int | None,
) -> dict[str, str]:
    """Score what is not done; gives recordings that cannot be used, with the reason."""
    done = set(partial.done.tolist())
    if done:
        print(f"going on: {len(done)} of {len(clips)} recordings are done", file=sys.stderr)
    todo = [(index, clip.name) for index, clip in enumerate(clips) if index not in done and clip.name not in absent]
    batches = [todo[start : start + CLIPS_AT_ONCE] for start in range(0, len(todo), CLIPS_AT_ONCE)]
    n_processes = max(1, min(workers or available_cores(), len(batches)))
    unusable = {}
    rounds = results_in_rounds(scorer, batches, workers=n_processes)
    bar = tqdm(total=len(done) + len(todo), initial=len(done), unit="file", desc="scores", disable=None)
    with bar, closing(rounds):
        for results in rounds:
            scored = [clip for result in results for clip in result]
            partial.record(scored)
            unusable |= {clips[clip.index].name: clip.problem for clip in scored if clip.problem}
            bar.update(len(scored))
    return unusable
