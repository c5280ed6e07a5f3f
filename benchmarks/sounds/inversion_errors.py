"""Errors of sounds that are made of Mel spectrograms, by this inversion, the usual one, and the published one."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import librosa
import torch

from audiokit.sound.audio import load
from spectral_transcoder.inversion import mel_to_audio, paper_mel_to_audio
from teachers.registry import front_end_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from audiokit.sound.mel import MelFrontEnd

DECIBELS = {"PANN": 1, "YamNet": 20 / math.log(10), "mn04_as": 5 * 10 / math.log(10)}
"""One unit of each log scale, dB of power."""


def ours(log_mel: torch.Tensor, front_end: MelFrontEnd, n_samples: int) -> torch.Tensor:
    """`mel_to_audio` with its defaults."""
    return mel_to_audio(log_mel[None], front_end, n_samples=n_samples)[0]


def usual(log_mel: torch.Tensor, front_end: MelFrontEnd, n_samples: int) -> torch.Tensor:
    """Librosa's NNLS and Griffin-Lim, given linear values and the teacher's own filterbank."""
    bank = front_end.filterbank(sample_rate=front_end.sample_rate, n_fft=front_end.n_fft).T
    bins = librosa.util.nnls(bank, front_end.expand(log_mel).numpy().T)
    waveform = librosa.griffinlim(
        bins ** (1 / front_end.exponent),
        hop_length=front_end.hop_length,
        win_length=front_end.win_length,
        n_fft=front_end.n_fft,
        length=n_samples,
        random_state=0,
    )
    return torch.from_numpy(waveform)


def published(log_mel: torch.Tensor, front_end: MelFrontEnd, n_samples: int) -> torch.Tensor:
    """`generate_audio.py --paper`."""
    waveform = torch.from_numpy(paper_mel_to_audio(log_mel.numpy(), front_end))
    return torch.nn.functional.pad(waveform, (0, n_samples - len(waveform)))


METHODS = {"this project": ours, "librosa, done right": usual, "as published": published}
CASES = {
    "PANN": ("this project", "librosa, done right", "as published"),
    "YamNet": ("this project", "librosa, done right"),
    "mn04_as": ("this project",),
}
"""librosa knows no pre-emphasis, and the published way exists for PANN only."""


def row(path: Path, teacher: str, methods: Sequence[str]) -> str:
    """A row of the table: error and CPU time of each method."""
    front_end = front_end_of(teacher)
    waveform = torch.from_numpy(load(path, sample_rate=front_end.sample_rate))
    log_mel = front_end(waveform)
    cells = []
    for name in METHODS:
        if name not in methods:
            cells.append("–")
            continue
        start = time.process_time()
        sound = METHODS[name](log_mel, front_end, len(waveform))
        seconds = time.process_time() - start
        error = (front_end(sound) - log_mel) * DECIBELS[teacher]
        cells.append(f"{error.square().mean().sqrt():.2f} dB ({error.std():.2f}), {seconds:.1f} s")
    return f"| {path.name} ({len(waveform) / front_end.sample_rate:.0f} s) | {teacher} | {' | '.join(cells)} |"


def print_table(recordings: Sequence[Path]) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print(f"| recording | Mel of | {' | '.join(METHODS)} |\n|{'---|' * (2 + len(METHODS))}")
    with torch.inference_mode():
        for path in recordings:
            for teacher, methods in CASES.items():
                print(row(path, teacher, methods), flush=True)
