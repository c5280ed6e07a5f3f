"""Scores of recordings by several models at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.errors import in_one_line
from audiokit.learning.inference import quicken
from audiokit.sound.audio import Recording
from audiokit.sound.recording_path import recording_path
from spectral_transcoder.third_octave import SAMPLE_RATE, third_octave
from spectral_transcoder.transcoders.tagger import WINDOW_SECONDS
from spectral_transcoder.transcoding import transcode
from teachers.registry import front_end_of, load_teacher

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from spectral_transcoder.classification.scored_models import ScoredModel
    from spectral_transcoder.hearing import LoadedTagger
    from teachers.registry import Teacher

__all__ = ["ClipScorer", "ScoredClip"]


@dataclass(frozen=True)
class ScoredClip:
    """What became of a recording."""

    index: int
    scores: NDArray[np.float32] | None = None
    """Those of all models one after the other; None where the recording cannot be used."""

    problem: str = ""
    """Why not."""

    notes: tuple[str, ...] = ()
    """How it was read, where that needs telling."""


@dataclass(frozen=True)
class ClipScorer:
    """Scores recordings; can be sent to other processes, which then load the models themselves.

    Parameters
    ----------
    models
        that give the scores.
    audio
        folder of the recordings, or of folders of them.
    paper
        as the original: it gives the transcoders YAMNet's 16 kHz waveform as if it had 32 kHz, which reads frequencies
        an octave too high and makes one second of two.
    device
        to compute on.
    """

    models: tuple[ScoredModel, ...]
    audio: Path
    paper: bool = False
    device: str = "cpu"

    def __call__(self, clips: Sequence[tuple[int, str]]) -> list[ScoredClip]:
        """Score recordings, those that are equally long at once.

        Parameters
        ----------
        clips
            number and file name of each.
        """
        recordings, notes, unusable = {}, {}, []
        for index, name in clips:
            path = recording_path(self.audio, name)
            try:
                recordings[index], notes[index] = self._read(path)
            except Exception as error:
                unusable.append(ScoredClip(index, problem=in_one_line(error, path)))
        alike = defaultdict(list)
        for index, waveforms in recordings.items():
            alike[tuple(map(len, waveforms.values()))].append(index)
        scored = []
        for indices in alike.values():
            rates = recordings[indices[0]].keys()
            stacked = {rate: np.stack([recordings[index][rate] for index in indices]) for rate in rates}
            scores = self._score({rate: torch.from_numpy(waveforms) for rate, waveforms in stacked.items()})
            scored += [ScoredClip(index, row, notes=notes[index]) for index, row in zip(indices, scores, strict=True)]
        return scored + unusable

    def _read(self, path: Path) -> tuple[dict[int, NDArray[np.float32]], tuple[str, ...]]:
        """Waveforms at all rates, and how they were read; what is shorter than a second is continued with silence."""
        rates = {front_end_of(model.classifier).sample_rate for model in self.models}
        waveforms = {}
        for rate in sorted({SAMPLE_RATE, *rates}):
            recording = Recording(path, sample_rate=rate)
            waveforms[rate] = recording.read(0, max(recording.n_samples, rate))
        return waveforms, recording.notes

    @torch.inference_mode()
    def _score(self, waveforms: dict[int, torch.Tensor]) -> NDArray[np.float32]:
        """Sample rate → (n_clips, n_samples), to (n_clips, scores of all models)."""
        scores = []
        for teacher, transcoder, tagger in self._loaded:
            own = waveforms[teacher.sample_rate].to(self.device)
            if transcoder is None:
                scores.append(teacher.scores(teacher.mel(own)))
            else:
                heard = own if self.paper else waveforms[SAMPLE_RATE].to(self.device)
                transcoded = teacher.chunk_scores(transcode(transcoder, heard))
                scores.append(tagger.joined(_tagged(tagger, heard), transcoded) if tagger else transcoded)
        return torch.cat(scores, dim=1).cpu().numpy()

    @cached_property
    def _loaded(self) -> list[tuple[Teacher, nn.Module | None, LoadedTagger | None]]:
        """Teacher, transcoder and tagger of each model, loaded in the process that uses them."""
        teachers = {
            (name, weights): load_teacher(name, weights=weights).to(self.device)
            for name, weights in {(model.classifier, model.teacher_weights) for model in self.models}
        }
        transcoders = [model.load_transcoder() for model in self.models]
        for network in (*(teacher.network for teacher in teachers.values()), *filter(None, transcoders)):
            quicken(network)
        return [
            (
                teachers[model.classifier, model.teacher_weights],
                transcoder and transcoder.to(self.device),
                model.load_tagger(self.device),
            )
            for model, transcoder in zip(self.models, transcoders, strict=True)
        ]


def _tagged(tagger: LoadedTagger, waveforms: torch.Tensor) -> torch.Tensor:
    """Mean scores of the whole seconds of recordings, (n_clips, n_samples) at 32 kHz → (n_clips, n_labels)."""
    n_seconds = waveforms.shape[1] // SAMPLE_RATE
    levels = third_octave(waveforms[:, : n_seconds * SAMPLE_RATE].unflatten(1, (n_seconds, SAMPLE_RATE)))
    return torch.cat([tagger.scores_of_seconds(window) for window in levels.split(WINDOW_SECONDS, dim=1)], dim=1).mean(
        1
    )
