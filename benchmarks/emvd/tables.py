"""Creation of the data set, training steps, and memory, by the original's algorithm and by ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import torch
from threadpoolctl import threadpool_limits
from timing import Table, cpu_clock, measure, peak_memory, take_turns
from training.clock import Training, run_steps
from training.steps import rate_table

from audiokit.labels.clip_store_creation import StoredClip, create_clip_store
from audiokit.learning.optimisation.schedules import Constant
from audiokit.learning.options import TrainingOptions
from emvd.baseline import OriginalMel, OriginalNetwork, OriginalStep, create_original_dataset
from exp_emvd.data.chunk_store import MelChunks
from exp_emvd.data.mel import CHUNK_SHAPE, singing_chunks
from exp_emvd.learning.emvd_experiment import cross_entropy
from exp_emvd.learning.network import SingingNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Batch = dict[str, torch.Tensor]

SECONDS = 7.5
RATE = 48000
BATCH_SIZE = 32
N_LABELS = 4
SHARE = 5 / 7
"""Of the recordings that take part: 5675 s of 7951 s in EMVD."""

N_STEPS = 2
"""Of a turn."""

LOSS_TOLERANCE = 1e-3
"""Relative, of the first steps, in float32."""


def write_recordings(folder: Path, count: int) -> list[Path]:
    """Noise, another in each recording."""
    paths = [folder / f"{number}.wav" for number in range(count)]
    for number, path in enumerate(paths):
        noise = 0.1 * np.random.default_rng(number).standard_normal(round(SECONDS * RATE))
        soundfile.write(path, noise, RATE, subtype="PCM_24")
    return paths


# Creation


def make(paths: Sequence[Path], store: Path, *, workers: int = 1) -> None:
    """Make the store anew."""
    for old in store.parent.glob(f"{store.name}*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    clips = [StoredClip(path, path.name) for path in paths]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        create_clip_store(store, clips, MelChunks(), columns={}, workers=workers)


def creation_table(folder: Path, n_files: int, repeats: int) -> str:
    """CPU times of the whole data set, and of the recordings that take part alone."""
    paths = write_recordings(folder, n_files)
    np.testing.assert_allclose(singing_chunks(paths[0]), OriginalMel().chunks(paths[0]), atol=2e-4, rtol=0)
    used = paths[: round(SHARE * n_files)]
    store, original = folder / "store.h5", folder / "original.h5"
    everything = dict.fromkeys(paths, False) | dict.fromkeys(used, True)
    tasks = {
        "ours": lambda: make(used, store),
        "baseline, without what takes no part": lambda: create_original_dataset(dict.fromkeys(used, True), original),
        "baseline": lambda: create_original_dataset(everything, original),
    }
    title = f"Data set of {n_files} recordings, {len(used)} of which take part, CPU time on one core (target: 4 times)"
    return measure(Table(title=title, seconds=SECONDS * n_files, reference="baseline", tasks=tasks), repeats=repeats)


# Steps


def training(chunks: Batch, *, mixed_precision: bool = False) -> Training:
    """What `Trainer` needs, with first weights that are always the same."""
    options = TrainingOptions(epochs=1, schedule=Constant(1e-3), mixed_precision=mixed_precision)
    splits = {"train": chunks, "valid": {name: rows[:BATCH_SIZE] for name, rows in chunks.items()}}
    torch.manual_seed(0)
    return Training(SingingNetwork(n_labels=N_LABELS), cross_entropy, splits, options, BATCH_SIZE)


def steps_table(repeats: int) -> str:
    """CPU times of steps on one core, and the losses of the first one."""
    generator = torch.Generator().manual_seed(0)
    n = BATCH_SIZE * N_STEPS
    chunks = {
        "mel": torch.rand(n, *CHUNK_SHAPE, generator=generator),
        "target": torch.randint(N_LABELS, (n,), generator=generator),
    }
    starts = range(0, n, BATCH_SIZE)
    batches = [{name: rows[start : start + BATCH_SIZE] for name, rows in chunks.items()} for start in starts]
    torch.manual_seed(0)
    original = OriginalStep(OriginalNetwork(n_labels=N_LABELS))
    tasks = {
        "baseline": lambda: _seconds(lambda: original.run(batches)),
        "ours, float32": lambda: sum(_steps(training(chunks))),
        "ours, mixed precision (bfloat16)": lambda: sum(_steps(training(chunks, mixed_precision=True))),
    }
    title = f"{N_STEPS} training steps on {BATCH_SIZE} chunks, CPU time on one core (target: 1.3 times faster)"
    seconds = take_turns(tasks, repeats=repeats + 1)
    warm = {name: times[1:] for name, times in seconds.items()}
    return rate_table(title, warm, chunks=n) + "\n" + losses_line(chunks)


def _steps(one: Training) -> list[float]:
    return run_steps(one, N_STEPS).seconds


def losses_line(chunks: Batch) -> str:
    """Losses of the first step from the same weights, the same chunks and the same draws of dropout."""
    batch = {name: rows[:BATCH_SIZE] for name, rows in chunks.items()}
    torch.manual_seed(0)
    original = OriginalStep(OriginalNetwork(n_labels=N_LABELS))
    ours = SingingNetwork(n_labels=N_LABELS)
    ours.load_state_dict(original.network.state_dict())
    torch.manual_seed(1)
    expected = original(batch)
    torch.manual_seed(1)
    found = cross_entropy(ours.train().to(memory_format=torch.channels_last), batch)["loss"].item()
    np.testing.assert_allclose(found, expected, rtol=LOSS_TOLERANCE)
    return f"Loss of the first step from the same weights and draws: {expected:.6f}, ours {found:.6f}.\n"


def _seconds(task: Callable[[], object]) -> float:
    start = cpu_clock()
    task()
    return cpu_clock() - start


# Memory


def memory_table(folder: Path, n_files: int) -> str:
    """Peak memory of a process that makes the store of so many recordings, and of as many again and again."""
    paths = write_recordings(folder, n_files)
    lines = ["### Peak memory of the creation in one process", "", "| recordings | MiB |", "|---:|---:|"]
    for times in (1, 4, 16):
        links = folder / f"links{times}"
        links.mkdir()
        for copy in range(times):
            for path in paths:
                (links / f"{copy}_{path.name}").symlink_to(path)
        lines.append(f"| {times * n_files} | {peak_memory(make_from, links)} |")
    return "\n".join([*lines, ""])


def make_from(folder: Path) -> None:
    """Make the store of a folder's recordings beside it."""
    make(sorted(folder.glob("*.wav")), folder.parent / f"{folder.name}.h5")


def print_tables(names: Sequence[str], *, n_files: int, repeats: int) -> None:
    """Print tables: `creation`, `steps` and `memory`."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        if "creation" in names:
            print(creation_table(Path(name), n_files, repeats), flush=True)
        if "steps" in names:
            print(steps_table(repeats), flush=True)
        if "memory" in names:
            print(memory_table(Path(name), n_files), flush=True)
