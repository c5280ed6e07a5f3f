"""SampleCNN as its papers describe it, in plain PyTorch, and its loading of recordings: nothing is made to be fast.

Nothing but `bench_samplecnn.py` uses them. Layers are named as ours, so that they take the same weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import librosa
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from exp_samplecnn.tasks import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_samplecnn.tasks import Task

__all__ = ["PlainNetwork", "PlainStep", "load_by_librosa", "segments_by_librosa"]


def load_by_librosa(path: Path, seconds: float | None = None) -> NDArray[np.float32]:
    """A recording, (n_samples,) at 22050 Hz, through resampy's `kaiser_best` as in the original."""
    return librosa.load(path, sr=SAMPLE_RATE, duration=seconds, res_type="kaiser_best")[0]


def segments_by_librosa(path: Path, task: Task) -> NDArray[np.float32]:
    """Segments of a recording, (n_segments, segment_samples)."""
    n_heard = task.seconds * SAMPLE_RATE
    sound = load_by_librosa(path, task.seconds)
    whole = np.tile(sound, -(-n_heard // len(sound)))[:n_heard]
    return whole[: task.n_segments * task.segment_samples].reshape(task.n_segments, task.segment_samples)


class PlainBlock(nn.Module):
    """Any of the six blocks: (batch, n_in, n_samples) → (batch, n_out, n_samples // 3)."""

    def __init__(self, name: str, n_in: int, n_out: int) -> None:
        super().__init__()
        self.excited = "se" in name
        self.residual = "res" in name
        self.deep = name.endswith("2")
        first = "0" if self.residual else ""
        self.add_module(f"conv{first}", nn.Conv1d(n_in, n_out, 3, padding=1))
        self.add_module(f"norm{first}", _normalisation(n_out))
        if self.deep:
            self.drop0 = nn.Dropout(0.2)
            self.conv1 = nn.Conv1d(n_out, n_out, 3, padding=1)
            self.norm1 = _normalisation(n_out)
        self.widens = self.residual and n_in != n_out
        if self.widens:
            self.scut_conv = nn.Conv1d(n_in, n_out, 1)
            self.scut_norm = _normalisation(n_out)
        if self.excited:
            self.ex0 = nn.Linear(n_out, n_out // 8)
            self.ex1 = nn.Linear(n_out // 8, n_out)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        """Pooled last."""
        if not self.residual:
            return self._excite(functional.max_pool1d(functional.relu(self.norm(self.conv(sound))), 3))
        main = self.norm0(self.conv0(sound))
        if self.deep:
            main = self.norm1(self.conv1(self.drop0(functional.relu(main))))
        shortcut = self.scut_norm(self.scut_conv(sound)) if self.widens else sound
        return functional.max_pool1d(functional.relu(self._excite(main) + shortcut), 3)

    def _excite(self, sound: torch.Tensor) -> torch.Tensor:
        if not self.excited:
            return sound
        hidden = functional.relu(self.ex0(sound.mean(dim=2)))
        return sound * torch.sigmoid(self.ex1(hidden))[:, :, None]


class PlainNetwork(nn.Module):
    """(batch, n_samples) → (batch, n_classes) logits; of one level."""

    def __init__(self, n_classes: int, n_blocks: int, block: str) -> None:
        super().__init__()
        widths = [128, 128, *[256] * (n_blocks - 3), 512]
        self.conv0 = nn.Conv1d(1, 128, 3, stride=3)
        self.norm0 = _normalisation(128)
        self.blocks = [f"block{index}" for index in range(n_blocks)]
        for name, n_in, n_out in zip(self.blocks, [128, *widths], widths, strict=False):
            self.add_module(name, PlainBlock(block, n_in, n_out))
        self.final_fc = nn.Linear(512, 512)
        self.final_norm = _normalisation(512)
        self.final_drop = nn.Dropout(0.5)
        self.logit = nn.Linear(512, n_classes)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        """Without the sigmoid."""
        hidden = functional.relu(self.norm0(self.conv0(sound.unsqueeze(1))))
        for name in self.blocks:
            hidden = self.get_submodule(name)(hidden)
        features = functional.relu(self.final_norm(self.final_fc(hidden.amax(dim=2))))
        return self.logit(self.final_drop(features))


class PlainStep:
    """A plain loop's training step on segments with labels that are each for themselves."""

    def __init__(self, network: PlainNetwork, learning_rate: float) -> None:
        self.network = network.train()
        self.optimizer = torch.optim.SGD(network.parameters(), lr=learning_rate, momentum=0.9, nesterov=True)

    def __call__(self, batch: Mapping[str, torch.Tensor]) -> float:
        """Loss of a batch, which is learned from."""
        self.optimizer.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(self.network(batch["segment"]), batch["target"])
        loss.backward()
        self.optimizer.step()
        return loss.item()


def _normalisation(n_channels: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(n_channels, eps=1e-3, momentum=0.01)
