"""Tasks of one checkout, timed when they are asked for: run by `commits.turns` with that checkout on the path.

    python3 -P tasks.py KIND MODELS

Prints the tasks' names as JSON, then for each line of stdin that names one its CPU time in seconds, on one thread.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from threadpoolctl import threadpool_limits

try:
    from features.dataset_creation import make, write_recordings
    from features.tables import Sound, tables
    from training.clock import run_steps
    from training.subjects import Subject, load_chunks, make_dataset, teacher_or_random
except ModuleNotFoundError:  # a commit from before the benchmarks had folders
    from bench_dataset_creation import make, write_recordings
    from bench_features import Sound, tables
    from trainer_clock import run_steps
    from training_subjects import Subject, load_chunks, make_dataset, teacher_or_random

try:
    from audiokit.memory import keep_memory
except ModuleNotFoundError:  # a commit from before the ground floor
    from spectral_transcoder.memory import keep_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Timed = Callable[[], float]

SECONDS = 60
"""Of sound for the features."""

N_RECORDINGS = 60
"""Of 10 s for the dataset."""

BATCH_SIZE = 64
TRAININGS = [("PANN", "cnn"), ("YamNet", "cnn"), ("YamNet", "hybridts")]
"""Teachers and plans."""

TURN_SECONDS = 0.4
"""A short task is repeated until its turn lasts as long."""


def repeated(task: Callable[[], object]) -> Timed:
    """A task with its CPU time: the mean of some calls, as many each time."""
    task()
    start = time.process_time()
    task()
    calls = max(1, round(TURN_SECONDS / (time.process_time() - start)))

    def timed() -> float:
        begun = time.process_time()
        for _ in range(calls):
            task()
        return (time.process_time() - begun) / calls

    return timed


def features(_: Path, folder: Path) -> Iterator[tuple[str, Timed]]:
    """Third octaves, Mels, PINV, and a dataset of recordings."""
    keep_memory()  # as all commands do that work on recordings
    for table in tables(Sound(SECONDS)):
        for name, task in table.tasks.items():
            if task and name.startswith("ours") and "other packages" not in table.title:
                yield f"{table.title.split(' (target')[0]}: {name}", repeated(task)
    (folder / "audio").mkdir()
    write_recordings(folder / "audio", N_RECORDINGS)
    yield f"A dataset of {N_RECORDINGS} recordings of 10 s", repeated(lambda: make(folder, workers=1))


def training(models: Path, folder: Path) -> Iterator[tuple[str, Timed]]:
    """Steps of the paper's trainings."""
    teachers = tuple(dict.fromkeys(teacher for teacher, _ in TRAININGS))
    dataset = make_dataset(folder, n_chunks=BATCH_SIZE, teachers=teachers)
    for teacher, plan in TRAININGS:
        chunks = {name: tensor[:BATCH_SIZE] for name, tensor in load_chunks(dataset, teacher).items()}
        subject = Subject(teacher_or_random(teacher, models), plan, chunks, BATCH_SIZE).training()
        kind = "CNN-mels" if plan == "cnn" else "CNN-logits"
        yield (
            f"A step of {kind} for {teacher} on {BATCH_SIZE} chunks",
            lambda subject=subject: run_steps(subject, 1).seconds[0],
        )


def main(kind: str, models: str) -> None:
    """Tell the tasks, and time those that are asked for."""
    torch.set_num_threads(1)
    is_training = kind == "training"
    make_tasks = training if is_training else features
    with (
        tempfile.TemporaryDirectory() as folder,
        threadpool_limits(1),
        torch.inference_mode(not is_training),
    ):
        tasks = dict(make_tasks(Path(models), Path(folder)))
        print(json.dumps(list(tasks)), flush=True)
        for line in sys.stdin:
            print(tasks[json.loads(line)](), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
