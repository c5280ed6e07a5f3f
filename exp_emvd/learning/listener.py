"""What trained networks hear in any recording of singing (`audiokit.labels.prediction.Listener`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.errors import UserError
from exp_emvd.data.mel import FRONT_END
from exp_emvd.learning.emvd_experiment import load_network
from exp_emvd.tasks import spaced

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_emvd.learning.experiment_files import ExperimentFiles
    from exp_emvd.learning.network import SingingNetwork
    from exp_emvd.tasks import Task

__all__ = ["SingingListener", "trained_models"]


def trained_models(files: ExperimentFiles) -> list[Path]:
    """Models of an experiment, of all splits that were trained.

    Raises
    ------
    UserError
        where there is none.
    """
    begin = f"model_{files.name}_"
    found = [path for path in files.model(0).parent.glob(f"{begin}*") if path.name.removeprefix(begin).isdecimal()]
    if not found:
        raise UserError(f"there is no model {files.model(0)}: run experiment.py -exp {files.name} -step train first")
    return sorted(found, key=lambda path: int(path.name.removeprefix(begin)))


class SingingListener:
    """Mean probabilities of networks, for every 1.024 s of a recording.

    Parameters
    ----------
    models
        files of weights; where there are several, their probabilities are averaged.
    task
        that they were trained for.
    paper
        whether they were trained through sigmoids, as the original's are.
    """

    sample_rate = FRONT_END.sample_rate
    hop = length = FRONT_END.chunk_frames * FRONT_END.hop_length
    context = FRONT_END.n_fft // 2
    normalise = True

    def __init__(self, models: Sequence[Path], task: Task, *, paper: bool = False, device: str = "cpu") -> None:
        self.name = f"EMVD {task.name}"
        self.labels = tuple(spaced(label) if label[0].isalpha() else f"singer {label}" for label in task.labels)
        self.device = device
        self._networks = [self._ready(load_network(path, task, paper=paper)) for path in models]

    def _ready(self, network: SingingNetwork) -> SingingNetwork:
        return network.eval().to(self.device)

    def __call__(self, pieces: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of pieces, (n, 512 + 49152 + 512) to (n, n_labels); rows sum to 1."""
        before = self.context // FRONT_END.hop_length
        log_mel = FRONT_END(torch.from_numpy(np.ascontiguousarray(pieces)))
        chunks = log_mel[:, before : before + FRONT_END.chunk_frames].mT.contiguous().to(self.device)
        return np.mean([network.probabilities(chunks).cpu().numpy() for network in self._networks], axis=0)
