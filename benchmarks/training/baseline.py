"""The baseline of training: the algorithm of the original research code, written anew from its description.

PINV is computed anew inside every step (`baseline.Pinv`), convolutions are in the default memory format on the batch as
a whole, all in float32. The teacher's weights are not trained, but not frozen either, so that their gradients are
computed and added up. Chunks are read one by one from memory-mapped arrays, third octaves in float64.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch
from features import baseline
from torch import nn
from torch.utils.data import DataLoader, Dataset

from spectral_transcoder.pinv import Pinv
from teachers.registry import front_end_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from teachers.registry import Teacher

    Batch = Mapping[str, torch.Tensor]
    Loss = Callable[[nn.Module, Batch], torch.Tensor]

__all__ = [
    "OriginalChunks",
    "OriginalCnn",
    "OriginalStep",
    "mel_loss",
    "original_loader",
    "original_pinv",
    "score_loss",
]


class OriginalCnn(nn.Module):
    """PINV minus what a stack of convolutions makes of it."""

    def __init__(
        self, pinv: Callable[[torch.Tensor], torch.Tensor], *, kernel_size: int, n_layers: int, n_channels: int
    ):
        super().__init__()
        self.pinv = pinv
        side = (kernel_size - 1) // 2
        sizes = [1, *[n_channels] * max(1, n_layers - 1), 1]
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(sizes):
            layers += [nn.ReplicationPad2d((side, side, 1, 1)), nn.Conv2d(n_in, n_out, (3, kernel_size)), nn.ReLU()]
        self.mod_conv = nn.Sequential(*layers[:-1])

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        """(batch, 8, 29) to (batch, n_frames, n_mels)."""
        mel = self.pinv(levels)
        return mel - self.mod_conv(mel.unsqueeze(1)).squeeze(1)


def original_pinv(teacher: str, device: torch.device) -> Callable[[torch.Tensor], torch.Tensor]:
    """PINV as the original has it; ours for the teachers that it has not."""
    makers = {"PANN": baseline.pann_pinv, "YamNet": baseline.yamnet_pinv}
    if teacher not in makers:
        return Pinv(front_end_of(teacher))
    pinv = makers[teacher]()
    return replace(pinv, spread=pinv.spread.to(device))


def mel_loss(network: nn.Module, batch: Batch) -> torch.Tensor:
    """Mean squared error of the Mel spectrogram."""
    return nn.MSELoss()(network(batch["third_octave"]), batch["mel"])


def score_loss(teacher: Teacher) -> Loss:
    """Cross-entropy of a teacher's scores on the transcoded Mels."""

    def loss(network: nn.Module, batch: Batch) -> torch.Tensor:
        return nn.BCELoss()(teacher.scores(network(batch["third_octave"])), batch["scores"])

    return loss


class OriginalStep:
    """A step of Adam."""

    def __init__(self, network: nn.Module, loss: Loss) -> None:
        self.network = network
        self.loss = loss
        self.optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def __call__(self, batch: Batch) -> float:
        """Train on a batch; give its loss."""
        loss = self.loss(self.network, batch)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


class OriginalChunks(Dataset):
    """Chunks in memory-mapped arrays.

    Parameters
    ----------
    folder
        that `write` has written to.
    """

    def __init__(self, folder: Path) -> None:
        self.levels = np.load(folder / "third_octave.npy", mmap_mode="r")
        self.mels = np.load(folder / "mel.npy", mmap_mode="r")

    @staticmethod
    def write(split: Batch, folder: Path) -> None:
        """Write third octaves in float64 and Mels in float32."""
        np.save(folder / "third_octave.npy", split["third_octave"].numpy().astype(np.float64))
        np.save(folder / "mel.npy", split["mel"].numpy())

    def __len__(self) -> int:
        return len(self.levels)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        levels, mel = np.array(self.levels[index], np.float32), np.array(self.mels[index])
        return {"third_octave": torch.from_numpy(levels), "mel": torch.from_numpy(mel)}


def original_loader(folder: Path, *, batch_size: int, n_workers: int) -> DataLoader:
    """Batches of the chunks in random order."""
    return DataLoader(OriginalChunks(folder), batch_size=batch_size, shuffle=True, num_workers=n_workers)
