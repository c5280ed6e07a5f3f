"""Loading recordings, training steps, memory and reading, by the original's way in plain Python and by ours."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import torch
from threadpoolctl import threadpool_limits
from timing import Table, cpu_clock, digits, measure, peak_memory, take_turns
from training.clock import Training, run_steps
from training.steps import rate_table

from audiokit.learning.optimisation.optimizers import SGD
from audiokit.learning.optimisation.schedules import Constant
from audiokit.learning.options import TrainingOptions
from audiokit.sound.audio import load
from exp_samplecnn.data.segment_store import SegmentStore
from exp_samplecnn.data.sources import training_sources
from exp_samplecnn.data.standardisation import Standardisation
from exp_samplecnn.learning.objective import LabelObjective
from exp_samplecnn.networks.initialisation import initialise
from exp_samplecnn.networks.network import SampleCNN
from exp_samplecnn.tasks import SAMPLE_RATE, TASKS
from samplecnn.baseline import PlainNetwork, PlainStep, load_by_librosa, segments_by_librosa
from samplecnn.stores import KINDS, Kind, make_store, make_stores, write_recordings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Batch = dict[str, torch.Tensor]

BLOCKS = ("se", "rese2")
BATCH_SIZE = 23
LEARNING_RATE = 0.01
LOSS_TOLERANCE = 1e-3
"""Relative, of the first step, in float32."""

STORE_BYTES = {"100 MB": 100_000_000, "1 GB": 1_000_000_000}


# The store


def store_table(folder: Path, kind: Kind, repeats: int) -> str:
    """CPU times of the store of some recordings, and of librosa's segments of them, which are stored nowhere."""
    paths = write_recordings(folder / kind.name, kind)
    task = TASKS[kind.dataset]
    tasks = {
        "ours, the store": lambda: make_store(paths, task, folder / f"{kind.name}.h5"),
        "librosa, `kaiser_best`": lambda: [segments_by_librosa(path, task) for path in paths],
    }
    title = f"{len(paths)} times {kind.seconds} s, {kind.about} (target: 4 times faster)"
    seconds = kind.seconds * len(paths)
    return measure(
        Table(title=title, seconds=seconds, reference="librosa, `kaiser_best`", tasks=tasks), repeats=repeats
    )


def errors_table(folder: Path) -> str:
    """What resampling adds to tones that stay, and what it leaves of tones that cannot."""
    lines = ["### Errors of resampling to 22 050 Hz, dB below the tones", "", "| from | tones | ours | `kaiser_best` |"]
    lines.append("|---:|---|---:|---:|")
    for rate, low, high in ((44100, 50, 9500), (44100, 12_500, 20_000), (48000, 50, 9500), (16000, 50, 7000)):
        path = folder / f"tones{rate}_{low}.wav"
        frequencies = np.geomspace(low, high, 40)
        soundfile.write(path, tones(frequencies, rate), rate, subtype="FLOAT")
        kept = frequencies[frequencies < SAMPLE_RATE / 2]
        expected = tones(kept, SAMPLE_RATE) if len(kept) else np.zeros(2 * SAMPLE_RATE)
        ours, theirs = (
            error_db(found, expected)
            for found in (load(path, sample_rate=SAMPLE_RATE, normalise=False), load_by_librosa(path))
        )
        lines.append(f"| {rate} | {low} to {high} Hz{'' if len(kept) else ', aliases'} | {ours:.1f} | {theirs:.1f} |")
    return "\n".join([*lines, ""])


def tones(frequencies: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Two seconds of tones of which each has a power of 1 / 2000."""
    times = np.arange(2 * rate) / rate
    return 0.0316 * np.sin(2 * np.pi * np.outer(frequencies, times) + np.arange(len(frequencies))[:, None]).sum(axis=0)


def error_db(found: NDArray[np.float32], expected: NDArray[np.float64]) -> float:
    """Power of the difference in relation to that of forty tones, dB, without the edges."""
    middle = slice(SAMPLE_RATE // 4, -SAMPLE_RATE // 4)
    length = min(len(found), len(expected))
    difference = found[:length][middle] - expected[:length][middle]
    return 10 * np.log10(np.mean(difference**2) / (40 * 0.0316**2 / 2))


# Steps


def batch_of(n_samples: int, n_classes: int, seed: int = 0, n_items: int = BATCH_SIZE) -> Batch:
    """Segments of noise, in each of which some of the labels can be heard as tones."""
    generator = torch.Generator().manual_seed(seed)
    targets = (torch.rand(n_items, n_classes, generator=generator) < 0.3).float()
    periods = 4 * 1.3 ** torch.arange(n_classes)
    carriers = torch.sin(2 * np.pi * torch.arange(n_samples) / periods[:, None])
    noise = torch.randn(n_items, n_samples, generator=generator)
    return {"segment": 0.5 * noise + 0.3 * targets @ carriers, "target": targets}


def our_network(n_classes: int, n_blocks: int, block: str, seed: int = 0) -> SampleCNN:
    """With first weights that are always the same."""
    torch.manual_seed(seed)
    network = SampleCNN(n_classes, n_blocks, block)
    initialise(network)
    return network


def plain_step(network: SampleCNN, block: str) -> PlainStep:
    """The baseline's step with a copy of the weights of our network."""
    plain = PlainNetwork(network.logit.out_features, network.n_blocks, block)
    plain.load_state_dict(network.state_dict())
    return PlainStep(plain, LEARNING_RATE)


def training(network: SampleCNN, data: Batch, *, mixed_precision: bool = False) -> Training:
    """What `Trainer` needs."""
    options = TrainingOptions(
        epochs=1, schedule=Constant(LEARNING_RATE), optimizer=SGD(), mixed_precision=mixed_precision
    )
    splits = {"train": data, "valid": {name: rows[:1] for name, rows in data.items()}}
    return Training(network, LabelObjective(one_label=False), splits, options, BATCH_SIZE)


def steps_table(block: str, repeats: int) -> str:
    """CPU times of a step on one core, and the losses of the first one."""
    task = TASKS["mtt"]
    sizes = len(task.labels), task.n_blocks, block
    batch = batch_of(task.segment_samples, len(task.labels))
    plain = plain_step(our_network(*sizes), block)
    tasks = {
        "plain, float32": lambda: _seconds(lambda: plain(batch)),
        "ours, float32": lambda: run_steps(training(our_network(*sizes), batch), 1).seconds[0],
        "ours, mixed precision (bfloat16)": lambda: run_steps(
            training(our_network(*sizes), batch, mixed_precision=True), 1
        ).seconds[0],
    }
    title = f"`{block}`, a step on {BATCH_SIZE} segments of {task.segment_samples} samples (target: 1.5 times faster)"
    seconds = take_turns(tasks, repeats=repeats + 1)
    return rate_table(title, {name: times[1:] for name, times in seconds.items()}, chunks=BATCH_SIZE)


def _seconds(task: Callable[[], object]) -> float:
    start = cpu_clock()
    task()
    return cpu_clock() - start


def losses_table(block: str, *, n_steps: int = 60, seeds: int = 3) -> str:
    """Losses of trainings from several first weights by each way; six blocks, so that they take a minute."""
    n_classes, n_samples, n_blocks = 8, 2187, 6
    data = batch_of(n_samples, n_classes, n_items=BATCH_SIZE * n_steps)
    batches = [{name: rows[n : n + BATCH_SIZE] for name, rows in data.items()} for n in range(0, n_steps * 23, 23)]
    curves: dict[str, list[NDArray]] = {"plain, float32": [], "ours, float32": [], "ours, mixed precision": []}
    for seed in range(seeds):
        plain = plain_step(our_network(n_classes, n_blocks, block, seed), block)
        curves["plain, float32"].append(np.array([plain(batch) for batch in batches]))
        for name, mixed in (("ours, float32", False), ("ours, mixed precision", True)):
            network = our_network(n_classes, n_blocks, block, seed)
            run = run_steps(training(network, data, mixed_precision=mixed), n_steps)
            curves[name].append(np.array(run.losses))
    lines = [f"### `{block}`, losses of {n_steps} steps, {seeds} first weights", ""]
    lines += ["| | steps 1–20 | 21–40 | 41–60 |", "|---|---:|---:|---:|"]
    for name, runs in curves.items():
        thirds = np.array(runs).reshape(seeds, 3, -1).mean(axis=2)
        cells = [f"{third.mean():.4f} (± {third.std(ddof=1):.4f})" for third in thirds.T]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


# Memory and reading


def memory_table(stores: dict[str, Path]) -> str:
    """Peak memory of processes that make a store, and that go through an epoch of its batches."""
    lines = ["### Peak memory, MiB", "", "| segments | making the store | an epoch of batches |", "|---|---:|---:|"]
    for name, path in stores.items():
        peaks = [peak_memory(task, path) for task in (make_again, go_through)]
        lines.append(f"| {name} | {' | '.join(map(str, peaks))} |")
    return "\n".join([*lines, ""])


def make_again(path: Path) -> None:
    """Make a store once more, of the same recordings."""
    make_store(sorted(path.parent.glob("links/*.wav")), TASKS["mtt"], path.with_name("again.h5"))


def go_through(path: Path) -> None:
    """Take all batches of an epoch."""
    for _ in epoch(path):
        pass


def epoch(path: Path) -> Iterator[Mapping[str, torch.Tensor]]:
    """Batches of an epoch through the shuffle buffer."""
    store = SegmentStore.open(path, "mtt")
    return training_sources(store, Standardisation(0, 0.15), BATCH_SIZE)["train"].batches(0)


def reading_table(path: Path, repeats: int) -> str:
    """Samples a second, read in random order by the buffer, and segment by segment without it."""
    store = SegmentStore.open(path, "mtt")
    order = np.random.default_rng(0).permutation(store.rows_of("train"))
    n_samples = len(order) * store.task.segment_samples

    def one_by_one() -> None:
        standardise = Standardisation(0, 0.15)
        for start in range(0, len(order), BATCH_SIZE):
            rows = [store.segments[np.array([row])] for row in order[start : start + BATCH_SIZE]]
            standardise(torch.from_numpy(np.concatenate(rows)), full_scale=store.full_scale)

    tasks = {
        "without a buffer, segment by segment": lambda: _seconds(one_by_one),
        "through the shuffle buffer": lambda: _seconds(lambda: sum(len(batch["target"]) for batch in epoch(path))),
    }
    seconds = take_turns(tasks, repeats=repeats)
    lines = ["### Reading in random order, CPU time", "", "| | million samples/s |", "|---|---:|"]
    lines += [f"| {name} | {digits(n_samples / np.median(times) / 1e6)} |" for name, times in seconds.items()]
    return "\n".join([*lines, ""])


def print_tables(names: Sequence[str], *, repeats: int) -> None:
    """Print tables: those that `written` knows."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        for table in names:
            for text in written(table, Path(name), repeats):
                print(text, flush=True)


def written(table: str, folder: Path, repeats: int) -> Iterator[str]:
    """One of the tables, in its parts."""
    match table:
        case "store":
            yield from (store_table(folder, kind, repeats) for kind in KINDS)
        case "errors":
            yield errors_table(folder)
        case "steps":
            yield from (steps_table(block, repeats) for block in BLOCKS)
        case "losses":
            yield from (losses_table(block) for block in BLOCKS)
        case "memory":
            yield memory_table(make_stores(folder, STORE_BYTES))
        case "reading":
            (path,) = make_stores(folder / "reading", {"100 MB": STORE_BYTES["100 MB"]}).values()
            yield reading_table(path, repeats)
