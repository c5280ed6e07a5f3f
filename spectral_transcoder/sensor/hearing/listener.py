"""What is heard in windows of levels: by a teacher through a transcoder, by a tagger, or by both."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from spectral_transcoder.hearing import BESIDE_TAGGER
from spectral_transcoder.sensor.hearing.foreground import foreground, labels_in_front
from spectral_transcoder.sensor.hearing.windows import join
from spectral_transcoder.third_octave import FAST
from spectral_transcoder.transcoding import transcode_levels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from spectral_transcoder.hearing import LoadedTagger
    from teachers.registry import Teacher

__all__ = ["FRAMES_PER_SECOND", "TAGGER", "Listener"]

TAGGER = "tagger"
"""The one for the cadence of the levels."""

FRAMES_PER_SECOND = round(1 / FAST.hop_seconds)

SECONDS_AT_ONCE = 40
"""That a teacher computes in one go on a CPU: what stays in its cache."""

SECONDS_HELD = 15 * SECONDS_AT_ONCE
"""Blocks are gathered to so many before they are computed, lest there be a few at a time."""

GPU_FACTOR = 50
"""By which a GPU has more in work at once."""


@dataclass(frozen=True)
class Listener:
    """A transcoder and a teacher, ready to score levels.

    Parameters
    ----------
    mixed_precision
        compute in bfloat16 where PyTorch says that it may be done: up to twice as fast on processors that have it, with
        slightly different scores (docs/performance.md).
    """

    teacher: Teacher
    transcoder: nn.Module
    transcoder_name: str
    device: torch.device
    mixed_precision: bool = False
    foreground: bool = False
    """Whether voices and birds are scored by what stands out of the background of their window."""

    beside_tagger: str = BESIDE_TAGGER
    """Name of the transcoder that taggers are heard beside."""

    transcoders: Mapping[str, nn.Module] = field(default_factory=dict)
    """All that are at hand, by name."""

    taggers: Mapping[int, LoadedTagger] = field(default_factory=dict)
    """That are heard beside the transcoder, by the frames in a second of the levels that they take."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What each score is for."""
        return self.teacher.labels

    @cached_property
    def fingerprint(self) -> str:
        """Short name of all weights and of what taggers count beside the transcoder: with others it is another."""
        digest = hashlib.sha256()
        taggers = self.taggers.values()
        for network in (self.teacher, self.transcoder, *(tagger.network for tagger in taggers)):
            for tensor in network.state_dict().values():
                digest.update(tensor.cpu().contiguous().numpy().tobytes())
        for tagger in taggers:
            digest.update(repr(tagger.share).encode())
        return digest.hexdigest()[:12]

    @property
    def seconds_held(self) -> int:
        """Of a batch, at least."""
        return SECONDS_HELD * self._factor

    def heard_through(self, hop_seconds: float) -> str:
        """Name of what levels of a cadence are heard through: the tagger for it, or the transcoder."""
        if round(1 / hop_seconds) in self.taggers:
            return TAGGER
        return self.beside_tagger if self.transcoder_name == TAGGER else self.transcoder_name

    def hearing_name(self, hop_seconds: float) -> str:
        """The same, and whether voices and birds are heard in front: what was measured is filed by it."""
        name = self.heard_through(hop_seconds)
        return f"{name}+foreground" if self.foreground else name

    def transcode(self, seconds: NDArray[np.float32], *, transcoder: nn.Module | None = None) -> torch.Tensor:
        """Mel spectrograms of calibrated seconds.

        Parameters
        ----------
        seconds : (n, n_frames, 29)
            on the transcoders' scale (`calibrate`), n_frames being 8 or, for slow levels, 1, which stands for eight.
        transcoder
            another one than the listener's.

        Returns
        -------
        (n, chunk_frames, n_mels)
        """
        return self._transcoded(torch.from_numpy(seconds).to(self.device), transcoder or self.transcoder)

    def window_scores(self, seconds: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of windows of calibrated seconds, some at a time: (n, n_seconds, n_frames, 29) → (n, n_labels)."""
        n_at_once = max(1, SECONDS_AT_ONCE * self._factor // seconds.shape[1])
        parts = torch.from_numpy(seconds).split(n_at_once)
        return torch.cat([self._heard(windows.to(self.device)).float().cpu() for windows in parts]).numpy()

    def _heard(self, windows: torch.Tensor) -> torch.Tensor:
        scores = self._scores(windows)
        if not self.foreground:
            return scores
        in_front = torch.as_tensor(labels_in_front(self.labels), device=self.device)
        return scores.index_copy(1, in_front, self._scores(foreground(windows))[:, in_front])

    def _scores(self, windows: torch.Tensor) -> torch.Tensor:
        """Scores by the tagger for the cadence of windows, by the teacher through the transcoder, or by both."""
        tagger = self.taggers.get(windows.shape[2])
        if tagger is None:
            return self._transcoded_scores(windows)
        with self._computing():
            own = tagger.scores(windows)
        return own if tagger.is_alone else tagger.joined(own, self._transcoded_scores(windows))

    def _transcoded_scores(self, windows: torch.Tensor) -> torch.Tensor:
        chunks = self._transcoded(windows.flatten(0, 1), self.transcoder)
        with self._computing():
            mel = join(chunks.unflatten(0, windows.shape[:2]), self.teacher.front_end)
            return self.teacher.scores(mel)

    def _transcoded(self, levels: torch.Tensor, transcoder: nn.Module) -> torch.Tensor:
        if levels.shape[1] == 1:
            levels = levels.expand(-1, FRAMES_PER_SECOND, -1).contiguous()
        with self._computing():
            return transcode_levels(transcoder, levels)

    @property
    def _factor(self) -> int:
        return 1 if self.device.type == "cpu" else GPU_FACTOR

    @contextmanager
    def _computing(self) -> Iterator[None]:
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed_precision):
            yield
