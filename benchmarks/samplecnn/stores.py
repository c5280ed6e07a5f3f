"""Recordings of noise, and stores of their segments, for `bench_samplecnn.py`."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from exp_samplecnn.data.clips import Clips
from exp_samplecnn.data.segment_store import create_segment_store
from exp_samplecnn.tasks import SAMPLE_RATE, TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from exp_samplecnn.tasks import Task

__all__ = ["KINDS", "Kind", "make_store", "make_stores", "write_recordings"]

N_DIFFERENT = 8
"""Recordings that a large store is made of, again and again."""


@dataclass(frozen=True)
class Kind:
    """Recordings such as a dataset has."""

    name: str
    dataset: str
    about: str
    seconds: int
    rate: int
    n_channels: int
    suffix: str
    count: int


KINDS = (
    Kind("music", "mtt", "MP3 at 16 kHz, as in MagnaTagATune", 29, 16000, 1, ".mp3", 12),
    Kind("words", "scd", "WAV at 16 kHz, as in Speech Commands", 1, 16000, 1, ".wav", 200),
    Kind("traffic", "dcs", "stereo WAV at 44.1 kHz, as in DCASE 2017", 10, 44100, 2, ".wav", 20),
)


def write_recordings(folder: Path, kind: Kind) -> list[Path]:
    """Noise, another in each recording."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number}{kind.suffix}" for number in range(kind.count)]
    for number, path in enumerate(paths):
        shape = (kind.seconds * kind.rate, kind.n_channels)
        soundfile.write(path, 0.1 * np.random.default_rng(number).standard_normal(shape), kind.rate)
    return paths


def make_store(paths: Sequence[Path], task: Task, store: Path) -> None:
    """Make a store anew, by one process; a tenth of it each is for validation and test."""
    for old in store.parent.glob(f"{store.name}*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    n_clips = len(paths)
    splits = ["train"] * (n_clips - 2 * (n_clips // 10)) + ["val", "test"] * (n_clips // 10)
    targets = np.zeros((n_clips, len(task.labels)), np.uint8)
    targets[np.arange(n_clips), np.arange(n_clips) % len(task.labels)] = 1
    clips = Clips(task.labels, [path.name for path in paths], paths, targets, splits)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        create_segment_store(clips, task, store, workers=1)


def make_stores(folder: Path, sizes: Mapping[str, int]) -> dict[str, Path]:
    """Stores of MagnaTagATune's kind by the bytes of their segments, each in a folder with links to its recordings."""
    task = TASKS["mtt"]
    different = write_recordings(
        folder / "noise", Kind("", "mtt", "", task.seconds, SAMPLE_RATE, 1, ".wav", N_DIFFERENT)
    )
    stores = {}
    for name, n_bytes in sizes.items():
        links = folder / name.replace(" ", "_") / "links"
        links.mkdir(parents=True)
        for number in range(n_bytes // (2 * task.n_segments * task.segment_samples)):
            (links / f"{number:06}.wav").symlink_to(different[number % N_DIFFERENT])
        stores[name] = links.parent / "segments.h5"
        make_store(sorted(links.iterdir()), task, stores[name])
    return stores
