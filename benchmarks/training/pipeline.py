"""Whether a training ever waits for its chunks: the input pipeline alone, and steps with it and without it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from timing import cpu_clock, digits, take_turns

from audiokit.learning.batches import batches
from training.baseline import OriginalChunks, original_loader
from training.clock import run_steps
from training.steps import original_step, rate_table
from training.subjects import CNN_SMALLEST, Subject, load_chunks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teachers.registry import Teacher
    from training.baseline import OriginalStep

__all__ = ["pipeline_tables"]

ORIGINAL_WORKERS = 8
N_STEPS = 10
RANDOM_ORDER, ONE_BATCH = "chunks in random order", "one batch again and again"


def pipeline_tables(teacher: Teacher, dataset: Path, *, batch_size: int, repeats: int) -> str:
    """CNN-mels of the smallest size, where a step is as short as it gets."""
    start = cpu_clock()
    chunks = load_chunks(dataset, teacher.name)
    loading = cpu_clock() - start
    megabytes = sum(tensor.nbytes for tensor in chunks.values()) / 1e6
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        OriginalChunks.write(chunks, folder)
        return "\n".join(
            [
                _alone(chunks, folder, batch_size=batch_size, repeats=repeats),
                f"Before that, once for a training: {digits(1000 * loading)} ms to load {megabytes:,.0f} MB of HDF5.\n",
                *_in_training(Subject(teacher, "cnn", chunks, batch_size, CNN_SMALLEST), folder, repeats=repeats),
            ]
        )


def _alone(chunks: Mapping[str, torch.Tensor], folder: Path, *, batch_size: int, repeats: int) -> str:
    n_chunks = len(chunks["third_octave"])

    def ours() -> float:
        start = cpu_clock()
        for _ in batches(chunks, batch_size, order=torch.randperm(n_chunks)):
            pass
        return cpu_clock() - start

    def baseline(n_workers: int) -> float:
        start = cpu_clock()
        for _ in original_loader(folder, batch_size=batch_size, n_workers=n_workers):
            pass
        return cpu_clock() - start

    tasks = {
        "baseline": lambda: baseline(0),
        f"baseline, {ORIGINAL_WORKERS} processes, their start included": lambda: baseline(ORIGINAL_WORKERS),
        "ours": ours,
    }
    return rate_table(
        f"{n_chunks:,} chunks in random order, no training", take_turns(tasks, repeats=repeats), chunks=n_chunks
    )


def _in_training(subject: Subject, folder: Path, *, repeats: int) -> list[str]:
    one = {name: tensor[: subject.batch_size] for name, tensor in subject.chunks.items()}
    repeated = Subject(subject.teacher, "cnn", one, subject.batch_size, subject.sizes).training()
    shuffled = subject.training()
    original = original_step(subject)
    # The first step makes Adam's moments.
    tasks = {
        ("ours", ONE_BATCH): lambda: sum(run_steps(repeated, 1 + N_STEPS).seconds[1:]),
        ("ours", RANDOM_ORDER): lambda: sum(run_steps(shuffled, 1 + N_STEPS).seconds[1:]),
        ("baseline", ONE_BATCH): lambda: _original_seconds(original, [one] * (1 + N_STEPS)),
        ("baseline", RANDOM_ORDER): lambda: _original_seconds(
            original, original_loader(folder, batch_size=subject.batch_size, n_workers=0)
        ),
    }
    seconds = take_turns(tasks, repeats=repeats)
    sizes = "smallest CNN (3 × 3 taps, 2 layers, 16 channels)"
    return [
        rate_table(
            f"{N_STEPS} steps of the {sizes}, {side}, float32",
            {name: times for (whose, name), times in seconds.items() if whose == side},
            chunks=N_STEPS * subject.batch_size,
        )
        for side in ("ours", "baseline")
    ]


def _original_seconds(step: OriginalStep, loader) -> float:
    """CPU time of steps after the first."""
    source = iter(loader)
    step(next(source))
    start = cpu_clock()
    for _ in range(N_STEPS):
        step(next(source))
    return cpu_clock() - start
