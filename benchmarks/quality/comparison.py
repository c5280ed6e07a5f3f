"""Contenders on an evaluation set, by blocks of recordings, so that memory does not grow with their number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm import tqdm

from audiokit.errors import UserError
from quality.contenders import HEARD
from quality.downstream_accuracy import score_clips
from quality.heard_seconds import hear
from quality.multiplications import count_multiplications
from quality.quality_table import QualityTable, Row
from quality.tally import Tally
from spectral_transcoder.classification.clip_scores import ClipScorer
from spectral_transcoder.datasets.chunk_dataset import THIRD_OCTAVE, mel_name
from spectral_transcoder.datasets.chunk_features import ChunkFeatures
from spectral_transcoder.third_octave import N_BANDS, SAMPLE_RATE, n_frames
from spectral_transcoder.training.evaluation import Evaluated, evaluate_tagger, evaluate_teacher, evaluate_transcoder
from spectral_transcoder.training.windows import runs_of_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import nn

    from quality.contenders import Contender
    from quality.evaluation_sets import EvaluationRecording, EvaluationSet
    from quality.heard_seconds import HeardSeconds
    from spectral_transcoder.classification.scored_models import ScoredModel
    from spectral_transcoder.hearing import LoadedTagger
    from teachers.registry import Teacher

__all__ = ["compare"]

RECORDINGS_AT_ONCE = 8
"""Eight minutes of sound at most: 37 MB of Mel spectrograms of YamNet and mn04_as."""

BATCH_SIZE = 8


def compare(
    evaluation_set: EvaluationSet,
    contenders: Sequence[Contender],
    chosen: NDArray[np.integer],
    teachers: Mapping[str, Teacher],
) -> list[QualityTable]:
    """Measure contenders.

    Parameters
    ----------
    chosen : (n_recordings, n_contenders)
        number of the model that transcodes, or `HEARD`.
    teachers
        by name; each gets a table.

    Raises
    ------
    UserError
        for a recording that cannot be read, or where nothing is heard.
    """
    features = ChunkFeatures(list(teachers))
    tallies = [Tally() for _ in contenders]
    n_recordings, n_seconds = 0, 0
    with tqdm(total=len(chosen), desc=evaluation_set.title, unit="recording", disable=None) as bar:
        for numbers, recordings in _alike(evaluation_set.recordings, chosen):
            models = {index: contenders[index].models[n] for index, n in enumerate(numbers) if n != HEARD}
            ensemble = _Ensemble(tuple(models.values()), teachers, evaluation_set)
            for start in range(0, len(recordings), RECORDINGS_AT_ONCE):
                block = recordings[start : start + RECORDINGS_AT_ONCE]
                heard = hear(block, features)
                if heard.recordings:
                    ensemble.measure(heard, [tallies[index] for index in models])
                n_recordings, n_seconds = n_recordings + len(heard.recordings), n_seconds + len(heard.files)
                bar.update(len(block))
    if n_recordings == 0:
        raise UserError(f"{evaluation_set.title}: no recording has a whole second that is not silent")
    n_trainings = [len(set(numbers) - {HEARD}) for numbers in chosen.T.tolist()]
    rows = [
        _row(contender, tally, teachers[contender.teacher], evaluation_set, n_recordings, n_used)
        for contender, tally, n_used in zip(contenders, tallies, n_trainings, strict=True)
    ]
    return [
        QualityTable(
            name,
            evaluation_set.title,
            classes=evaluation_set.dataset.name if evaluation_set.dataset else "",
            n_recordings=n_recordings,
            n_seconds=n_seconds,
            n_left_out=len(chosen) - n_recordings,
            commonest=_of_all(contenders, tallies, name).commonest(teachers[name].labels),
            rows=[row for row, contender in zip(rows, contenders, strict=True) if contender.teacher == name],
        )
        for name in teachers
    ]


def _alike(
    recordings: Sequence[EvaluationRecording], chosen: NDArray[np.integer]
) -> Iterator[tuple[list[int], list[EvaluationRecording]]]:
    """Numbers of models, each combination once, and the recordings that they are for."""
    order = sorted(range(len(recordings)), key=lambda index: chosen[index].tolist())
    for numbers, indices in groupby(order, key=lambda index: chosen[index].tolist()):
        yield numbers, [recordings[index] for index in indices]


@dataclass(frozen=True)
class _Ensemble:
    """Models that are given the same recordings."""

    models: tuple[ScoredModel, ...]
    teachers: Mapping[str, Teacher]
    evaluation_set: EvaluationSet

    @cached_property
    def transcoders(self) -> list[nn.Module | None]:
        """Of each model; None for the teacher itself."""
        return [model.load_transcoder() for model in self.models]

    @cached_property
    def taggers(self) -> list[LoadedTagger | None]:
        """Of each model that has one beside its transcoder."""
        return [model.load_tagger() for model in self.models]

    @cached_property
    def scorer(self) -> ClipScorer:
        """For whole recordings, by all models."""
        return ClipScorer(self.models, self.evaluation_set.folder)

    def measure(self, heard: HeardSeconds, tallies: Sequence[Tally]) -> None:
        """Add a block to the tally of each model."""
        splits = {
            name: {THIRD_OCTAVE: heard.arrays[THIRD_OCTAVE], "mel": heard.arrays[mel_name(name)]}
            for name in self.teachers
        }
        expected = {name: _teacher_itself(teacher, splits[name]["mel"]) for name, teacher in self.teachers.items()}
        for model, transcoder, tagger, tally in zip(self.models, self.transcoders, self.taggers, tallies, strict=True):
            name = model.classifier
            found = expected[name]
            if transcoder:
                found = evaluate_transcoder(transcoder, self.teachers[name], splits[name], batch_size=BATCH_SIZE)
            if tagger:
                found = _beside(tagger, found, splits[name][THIRD_OCTAVE], heard.files)
            tally.add(heard, expected[name], found)
        if self.evaluation_set.dataset:
            scores = score_clips(self.scorer, [recording.clip for recording in heard.recordings])
            edges = np.cumsum([len(self.teachers[model.classifier].labels) for model in self.models])
            for tally, of_model in zip(tallies, np.split(scores, edges[:-1], axis=1), strict=True):
                tally.clip_scores.append(of_model)


def _teacher_itself(teacher: Teacher, mel: torch.Tensor) -> Evaluated:
    return Evaluated(evaluate_teacher(teacher, mel, batch_size=BATCH_SIZE).scores, np.zeros(len(mel), np.float32))


def _beside(tagger: LoadedTagger, transcoded: Evaluated, levels: torch.Tensor, files: NDArray[np.integer]) -> Evaluated:
    """What a tagger and the teacher through a transcoder hear together; the Mel spectrogram is the transcoder's."""
    own = torch.from_numpy(evaluate_tagger(tagger.network, levels, runs_of_seconds(files)).scores)
    return Evaluated(tagger.joined(own, torch.from_numpy(transcoded.scores)).numpy(), transcoded.mel_mse)


def _of_all(contenders: Sequence[Contender], tallies: Sequence[Tally], teacher: str) -> Tally:
    """Tally of a contender who was given all recordings, as the teacher itself is."""
    found = (tally for tally, contender in zip(tallies, contenders, strict=True) if contender.teacher == teacher)
    return max(found, key=lambda tally: len(tally.recordings))


def _row(
    contender: Contender,
    tally: Tally,
    teacher: Teacher,
    evaluation_set: EvaluationSet,
    n_recordings: int,
    n_trainings: int,
) -> Row:
    """What is told of a contender."""
    transcoder = contender.models[0].load_transcoder()
    tagger = contender.models[0].load_tagger()
    second = torch.zeros(1, n_frames(SAMPLE_RATE), N_BANDS)
    networks = [transcoder, *([tagger.network] if tagger else [])] if transcoder else []
    n_left = len(tally.recordings)
    notes = [f"{n_trainings} trainings"] if n_trainings > 1 else []
    notes += [f"{n_left} of {n_recordings} recordings"] if n_left < n_recordings else []
    return Row(
        f"{contender.title} ({', '.join(notes)})" if notes else contender.title,
        n_recordings=n_left,
        n_seconds=sum(int(counts.sum()) for counts in tally.n_seconds),
        multiplications=sum(count_multiplications(network, second) for network in networks) or None,
        figures=tally.figures(evaluation_set.dataset, teacher.labels),
    )
