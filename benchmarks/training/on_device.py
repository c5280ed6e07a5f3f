"""Training on a GPU: our best configuration against the original's algorithm there, and the paper's whole plan."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from timing import digits

from audiokit.learning.batches import batches
from spectral_transcoder.datasets.chunk_features import ChunkFeatures
from spectral_transcoder.datasets.device_extraction import BATCH_SECONDS
from training.clock import new_trainer, run_steps
from training.steps import original_step, rate_table
from training.subjects import RESTRICTED, Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import nn

    from spectral_transcoder.training.losses import HybridObjective

__all__ = ["Device", "compare_cnn_logits", "features_line", "pipeline_line", "print_projection"]

EPOCHS = 200
N_TRAIN, N_HELD_OUT = 79_080, 13_180 + 13_190
"""Chunks of the dataset `full`; those held out are gone through after each epoch."""

PAPER_HOURS = 50
"""Of the plan `restricted` on a V100, as the paper's authors state it."""

NAMES = {"compile": "compiled", "cuda_graphs": "recorded"}
"""Of what our best configuration has besides mixed precision."""

N_EVALUATIONS = 10
N_FEATURE_BATCHES = 8
N_SHOWN = 8
"""Points of a loss curve that are printed."""


@dataclass(frozen=True)
class Device:
    """Where to train, and how much."""

    device: torch.device
    compile: bool
    n_steps: int
    """That count."""

    @property
    def n_warm(self) -> int:
        """Steps before those that count."""
        return max(2, self.n_steps // 5)

    @property
    def best(self) -> dict[str, bool]:
        """Options of our best configuration."""
        return {"mixed_precision": True, "compile": self.compile, "cuda_graphs": self.device.type == "cuda"}

    def rates(self, subject: Subject, *, best: bool = True, **options: object) -> tuple[float, float]:
        """Chunks a second in training and in validation, by default in our best configuration."""
        options |= self.best if best else {}
        training = subject.training(n_valid=subject.batch_size, device=str(self.device), **options)
        steps = run_steps(training, self.n_warm + self.n_steps, clock=time.perf_counter)
        with new_trainer(training) as trainer:
            trainer.evaluate("valid")
            start = time.perf_counter()
            for _ in range(N_EVALUATIONS):
                trainer.evaluate("valid")
            evaluation = (time.perf_counter() - start) / N_EVALUATIONS
        step = float(np.median(steps.seconds[self.n_warm :]))
        return subject.batch_size / step, subject.batch_size / evaluation


@dataclass
class Recording:
    """An objective that notes which chunks were trained on."""

    objective: HybridObjective
    indices: list[torch.Tensor] = field(default_factory=list)

    def __call__(self, network: nn.Module, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Losses of a batch."""
        if torch.is_grad_enabled():
            self.indices.append(batch["index"])
        return self.objective(network, batch)


def compare_cnn_logits(subject: Subject, where: Device, curves: Path | None) -> str:
    """Train with both algorithms from the same weights on the same batches; steps and losses as tables.

    The number of chunks must be a multiple of the batch's size.
    """
    further = [name for name in ("compile", "cuda_graphs") if where.best[name]]
    configurations = {
        "ours, float32": {},
        "ours, mixed precision (bfloat16)": {"mixed_precision": True},
        **({f"ours, mixed precision, {' and '.join(map(NAMES.get, further))}": where.best} if further else {}),
    }
    seconds: dict[str, list[float]] = {"baseline, float32 without TF32": []}
    losses: dict[str, list[float]] = {"baseline": []}
    orders = []
    for name, options in configurations.items():
        seconds[name], losses[name], order = _our_steps(subject, where, options)
        orders.append(order)
    # All have the same order, but recorded steps do not tell it.
    seconds["baseline, float32 without TF32"], losses["baseline"] = _original_steps(subject, where, orders[0])
    name = subject.teacher.name
    if curves:
        _write_curves(losses, curves / f"loss_{name}.csv")
    title = f"CNN-logits for {name} on {_named(where.device)}, a step on {subject.batch_size} chunks"
    return "\n".join([rate_table(title, seconds, chunks=subject.batch_size, unit="ms"), _curves_table(losses)])


def _our_steps(
    subject: Subject, where: Device, options: Mapping[str, object]
) -> tuple[list[float], list[float], torch.Tensor]:
    """Seconds, losses, and the chunks of all batches; the order is the same whatever the options."""
    training = subject.training(n_valid=subject.batch_size, device=str(where.device), **options)
    recording = Recording(training.objective)
    indexed = training.splits["train"] | {"index": torch.arange(len(subject.chunks["third_octave"]))}
    training = replace(training, objective=recording, splits=training.splits | {"train": indexed})
    steps = run_steps(training, where.n_warm + where.n_steps, clock=time.perf_counter)
    return steps.seconds[where.n_warm :], steps.losses, torch.cat(recording.indices)


def _original_steps(subject: Subject, where: Device, order: torch.Tensor) -> tuple[list[float], list[float]]:
    """Seconds and losses of the baseline, whose chunks are on the device as well."""
    data = {name: tensor.to(where.device) for name, tensor in subject.data().items()}
    step = original_step(subject, where.device)
    seconds, losses = [], []
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        start = time.perf_counter()
        for batch in batches(data, subject.batch_size, order=order):
            losses.append(step(batch))
            seconds.append(time.perf_counter() - start)
            start = time.perf_counter()
    return seconds[where.n_warm :], losses


def pipeline_line(subject: Subject, where: Device) -> str:
    """Chunks a second of the input pipeline alone."""
    chunks = {name: tensor.to(where.device) for name, tensor in subject.chunks.items()}
    n_chunks = len(chunks["third_octave"])
    for _ in range(2):  # the first does not count
        start = time.perf_counter()
        for batch in batches(chunks, subject.batch_size, order=torch.randperm(n_chunks).to(where.device)):
            last = batch["mel"]
        last.sum().item()  # waits for the GPU
        rate = n_chunks / (time.perf_counter() - start)
    return f"Input pipeline alone on {_named(where.device)}: {digits(rate)} chunks/s.\n"


def features_line(teachers: Sequence[str], where: Device) -> str:
    """Seconds of sound whose features are computed in a second, from the processor's memory and back to it."""
    features = ChunkFeatures(teachers)
    seconds = {rate: torch.randn(BATCH_SECONDS, rate) for rate in features.sample_rates}
    for _ in range(2):  # the first does not count
        start = time.perf_counter()
        for _ in range(N_FEATURE_BATCHES):
            computed = features({rate: waveforms.to(where.device) for rate, waveforms in seconds.items()})
            {name: values.cpu() for name, values in computed.items()}
        rate = N_FEATURE_BATCHES * BATCH_SECONDS / (time.perf_counter() - start)
    names = " and ".join(teachers)
    return f"Third octaves and Mel spectrograms for {names} on {_named(where.device)}: {digits(rate)} × real time.\n"


def print_projection(subjects: Sequence[Subject], where: Device) -> None:
    """Print the hours of the plan `restricted` at the speeds measured here, a training as soon as it is timed."""
    print(f"### Plan `restricted` on {_named(where.device)}: {EPOCHS} epochs of {N_TRAIN:,} chunks and validation\n")
    print("| teacher | training | chunks/s in training | in validation | hours |\n|---|---|---:|---:|---:|", flush=True)
    total = 0.0
    for subject in subjects:
        for plan in RESTRICTED:
            training, validation = where.rates(replace(subject, plan=plan))
            hours = EPOCHS * (N_TRAIN / training + N_HELD_OUT / validation) / 3600
            total += hours
            speeds = f"{digits(training)} | {digits(validation)}"
            print(f"| {subject.teacher.name} | {plan} | {speeds} | {digits(hours)} |", flush=True)
    print(f"| all | | | | {digits(total)} |\n\nThe paper: {PAPER_HOURS} h on a V100.\n", flush=True)


def _curves_table(losses: Mapping[str, list[float]]) -> str:
    """Means of the losses over successive stretches."""
    lines = [f"| steps | {' | '.join(losses)} |", f"|---|{'---:|' * len(losses)}"]
    for stretch in np.array_split(np.arange(len(losses["baseline"])), N_SHOWN):
        if len(stretch):
            means = (f"{np.asarray(values)[stretch].mean():.5g}" for values in losses.values())
            lines.append(f"| {stretch[0] + 1}–{stretch[-1] + 1} | {' | '.join(means)} |")
    return "\n".join(["Mean loss:\n", *lines, ""])


def _write_curves(losses: Mapping[str, list[float]], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["step", *losses])
        writer.writerows([step, *row] for step, row in enumerate(zip(*losses.values(), strict=True), start=1))


def _named(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "the CPU"
