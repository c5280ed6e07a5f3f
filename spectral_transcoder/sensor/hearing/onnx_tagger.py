"""Levels to scores in one ONNX file, for sensors that tag where they stand: transcoder, teacher, tagger and groups."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from torch import nn

from spectral_transcoder.sensor.hearing.foreground import foreground, labels_in_front
from spectral_transcoder.sensor.hearing.windows import LONGEST_WINDOW, join
from spectral_transcoder.sensor.levels.offset import FLOOR_DB
from spectral_transcoder.third_octave import NOMINAL_FREQUENCIES, SENSOR_CALIBRATION_DB
from spectral_transcoder.transcoders.onnx_export import random_levels, write_onnx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from spectral_transcoder.hearing import LoadedTagger
    from teachers.registry import Teacher

__all__ = ["OUTPUTS", "WindowTagger", "export_tagger"]

OUTPUTS = ("scores", "groups")
CHECKED_WINDOWS = ((1, LONGEST_WINDOW), (2, LONGEST_WINDOW - 1), (3, 1))
"""Windows, and seconds in each; the second is traced, with numbers that are no others'."""


class WindowTagger(nn.Module):
    """What the teacher hears in windows of levels, and the highest score of each group of labels.

    Parameters
    ----------
    groups
        name → which of the teacher's labels.
    in_front
        score voices and birds by what stands out of the background, which takes twice the time.
    tagger
        for levels every 125 ms, heard beside the teacher or, if it speaks alone, in its place.
    """

    def __init__(
        self,
        transcoder: nn.Module,
        teacher: Teacher,
        groups: Mapping[str, NDArray[np.integer]],
        *,
        in_front: bool = False,
        tagger: LoadedTagger | None = None,
    ) -> None:
        super().__init__()
        self.transcoder = transcoder
        self.teacher = teacher
        self.tagger = tagger
        if tagger:
            self.tagger_network = tagger.network
        is_in_front = torch.zeros(len(teacher.labels), dtype=torch.bool)
        if in_front:
            is_in_front[labels_in_front(teacher.labels)] = True
        self.register_buffer("is_in_front", is_in_front)
        self.in_front = in_front
        self.members = [torch.as_tensor(members) for members in groups.values()]

    def forward(self, third_octave: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores and scores of groups.

        Parameters
        ----------
        third_octave : (batch, n_seconds, 8, 29)
            on the transcoders' scale, see `calibrate`; up to ten whole seconds.

        Returns
        -------
        (batch, n_labels), (batch, n_groups)
        """
        scores = self._scores(third_octave)
        if self.in_front:
            scores = torch.where(self.is_in_front, self._scores(foreground(third_octave)), scores)
        return scores, torch.stack([scores[:, members].amax(dim=1) for members in self.members], dim=1)

    def _scores(self, third_octave: torch.Tensor) -> torch.Tensor:
        if self.tagger is None:
            return self._transcoded_scores(third_octave)
        own = self.tagger.scores(third_octave)
        return own if self.tagger.is_alone else self.tagger.joined(own, self._transcoded_scores(third_octave))

    def _transcoded_scores(self, third_octave: torch.Tensor) -> torch.Tensor:
        chunks = self.transcoder(third_octave.flatten(0, 1)).unflatten(0, third_octave.shape[:2])
        return self.teacher.scores(join(chunks, self.teacher.front_end))


def export_tagger(
    transcoder: nn.Module,
    teacher: Teacher,
    groups: Mapping[str, NDArray[np.integer]],
    path: Path,
    *,
    thresholds: Mapping[str, float],
    in_front: bool = False,
    tagger: LoadedTagger | None = None,
) -> float:
    """Write a transcoder with its teacher, and a tagger beside them, checked against PyTorch.

    The file has an input `third_octave`, (batch, seconds, 8, 29), and outputs `scores` and `groups`. Its metadata say
    what they are for, JSON each: `bands` (Hz), `labels`, `groups`, `thresholds` (in the order of the groups),
    `calibration_db` (to be added to dB re full scale) and `floor_db` (the lowest level that there is).

    Parameters
    ----------
    transcoder, teacher
        in eval mode, on the CPU.
    groups
        name → which of the teacher's labels.
    thresholds
        name of each group → score from which on it is present.
    in_front, tagger
        see `WindowTagger`.

    Returns
    -------
    float
        The largest difference of a score.

    Raises
    ------
    UserError
        as `write_onnx` does.
    """
    metadata = {
        "bands": NOMINAL_FREQUENCIES,
        "labels": list(teacher.labels),
        "groups": list(groups),
        "thresholds": [thresholds[name] for name in groups],
        "calibration_db": SENSOR_CALIBRATION_DB,
        "floor_db": FLOOR_DB,
    }
    return write_onnx(
        WindowTagger(transcoder, teacher, groups, in_front=in_front, tagger=tagger).eval(),
        path,
        outputs=OUTPUTS,
        examples=[random_levels(*shape) for shape in CHECKED_WINDOWS],
        dynamic=("batch", "seconds"),
        metadata={name: json.dumps(value) for name, value in metadata.items()},
    )
