"""The original's algorithms of EMVD, written anew from their description: plain, and as slow as they are.

Nothing but `bench_emvd.py` uses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import librosa
import numpy as np
import torch
from efficientnet_pytorch import EfficientNet
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["OriginalMel", "OriginalNetwork", "OriginalStep", "create_original_dataset"]

RATE, N_FFT, HOP, N_MELS, FRAMES = 48000, 1024, 256, 128, 192


class OriginalMel:
    """torchaudio's `MelSpectrogram(normalized=True)` in plain PyTorch, and the scale."""

    def __init__(self) -> None:
        bank = librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=N_MELS, fmin=20, fmax=8000)
        self.bank = torch.from_numpy(bank)
        self.window = torch.hann_window(N_FFT)

    def __call__(self, waveform: NDArray[np.float32]) -> torch.Tensor:
        """(n_samples,) → (n_frames, 128)."""
        padded = functional.pad(torch.from_numpy(waveform), (N_FFT // 2, N_FFT // 2))
        spectrum = torch.stft(padded, N_FFT, HOP, window=self.window, center=False, return_complex=True)
        power = (spectrum / self.window.square().sum().sqrt()).abs() ** 2
        level = 10 * torch.log10(self.bank @ power + 1e-10)
        return ((level + 100) / 100).clamp(min=0).T

    def chunks(self, path: Path) -> NDArray[np.float32]:
        """Chunks of a recording, (n_chunks, 128, 192), cut one after the other."""
        waveform, _ = librosa.load(path, sr=RATE, mono=True)
        mel = self(librosa.util.normalize(waveform))
        cut = [mel[start : start + FRAMES].T.numpy() for start in range(0, len(mel) - FRAMES + 1, FRAMES)]
        return np.array(cut, dtype=np.float32).reshape(-1, N_MELS, FRAMES)


def create_original_dataset(recordings: Mapping[Path, bool], output: Path, *, n_splits: int = 4) -> None:
    """Write the chunks of recordings once for each split.

    Every recording is decoded and transformed twice, those that take no part as well: to count the chunks, and to
    write them.

    Parameters
    ----------
    recordings
        path → whether it takes part.
    """
    mel = OriginalMel()
    n_chunks = sum(len(mel.chunks(path)) * takes_part for path, takes_part in recordings.items())
    with h5py.File(output, "w") as file:
        arrays = [
            file.create_dataset(f"split{split}/mel_spectrogram", (n_chunks, N_MELS, FRAMES), "f4")
            for split in range(n_splits)
        ]
        first = 0
        for path, takes_part in recordings.items():
            chunks = mel.chunks(path)
            if takes_part:
                for array in arrays:
                    array[first : first + len(chunks)] = chunks
                first += len(chunks)


class OriginalNetwork(nn.Module):
    """The library's EfficientNet-b0 with the original's first convolution."""

    def __init__(self, *, n_labels: int) -> None:
        super().__init__()
        self.model = EfficientNet.from_name("efficientnet-b0", num_classes=n_labels)
        self.model._conv_stem = nn.Conv2d(1, 32, 3, stride=2, bias=False)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, 128, 192) → (batch, n_labels) logits."""
        return self.model(mel.unsqueeze(1))


class OriginalStep:
    """A plain loop's training step."""

    def __init__(self, network: OriginalNetwork) -> None:
        self.network = network.train()
        self.optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def __call__(self, batch: Mapping[str, torch.Tensor]) -> float:
        """Loss of a batch, which is learned from."""
        self.optimizer.zero_grad()
        loss = functional.cross_entropy(self.network(batch["mel"]), batch["target"])
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def run(self, batches: Sequence[Mapping[str, torch.Tensor]]) -> list[float]:
        """Losses of batches."""
        return [self(batch) for batch in batches]
