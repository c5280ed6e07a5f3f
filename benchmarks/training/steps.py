"""CPU time of one training step, against the original's algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from timing import cpu_clock, digits, ratio, take_turns

from training.baseline import OriginalCnn, OriginalStep, mel_loss, original_pinv, score_loss
from training.clock import run_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    from training.subjects import Subject

__all__ = ["original_step", "rate_table", "step_table"]

BASELINE = "baseline"
CPU = torch.device("cpu")

LOSS_TOLERANCE = 1e-4
"""Relative, in float32: PINV agrees to 1e-3 dB."""

GRADIENT_TOLERANCE = 1e-2
"""Relative: where PINV differs in the last digits, some ReLU of a teacher opens on one side only."""


def step_table(subject: Subject, *, repeats: int) -> str:
    """Make sure that baseline and package compute the same, time them in turn and write a table."""
    original = original_step(subject)
    ours, mixed = subject.training(), subject.training(mixed_precision=True)
    batch = subject.data()
    loss, our_loss, mixed_loss = original(batch), run_steps(ours, 1).losses[0], run_steps(mixed, 1).losses[0]
    np.testing.assert_allclose(our_loss, loss, rtol=LOSS_TOLERANCE)
    difference, mixed_difference = (gradient_difference(side.network, original.network) for side in (ours, mixed))
    assert difference < GRADIENT_TOLERANCE, difference
    tasks = {
        BASELINE: lambda: _seconds(lambda: original(batch)),
        "ours, float32": lambda: run_steps(ours, 1).seconds[0],
        "ours, mixed precision (bfloat16)": lambda: run_steps(mixed, 1).seconds[0],
    }
    kind = "CNN-mels" if subject.plan == "cnn" else "CNN-logits"
    title = f"{kind} for {subject.teacher.name}, a step on {subject.batch_size} chunks (target: 1.5 times faster)"
    table = rate_table(title, take_turns(tasks, repeats=repeats), chunks=subject.batch_size)
    return (
        f"{table}\nLoss of the first step: {loss:.6g}, ours {our_loss:.6g}, in mixed precision {mixed_loss:.6g}. "
        f"Gradients differ by {difference:.1e} and {mixed_difference:.1e} of their norm.\n"
    )


def original_step(subject: Subject, device: torch.device = CPU) -> OriginalStep:
    """The baseline's step, from the same weights as ours."""
    network = OriginalCnn(original_pinv(subject.teacher.name, device), **subject.sizes)
    network.load_state_dict(subject.network().state_dict())
    loss = mel_loss if subject.plan == "cnn" else score_loss(subject.unfrozen_teacher())
    return OriginalStep(network.to(device), loss)


def gradient_difference(ours: nn.Module, theirs: nn.Module) -> float:
    """Norm of the difference of the gradients that a step has left, relative to their norm; of the worst tensor."""
    expected = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    return max(
        float((parameter.grad - expected[name]).norm() / expected[name].norm())
        for name, parameter in ours.named_parameters()
    )


def rate_table(title: str, seconds: Mapping[str, list[float]], *, chunks: int, unit: str = "CPU ms") -> str:
    """Write times of the same number of chunks; the first row is what the others are compared with."""
    reference = next(iter(seconds))
    lines = [f"### {title}", "", f"| | {unit} | chunks/s | faster than {reference} by |", "|---|---:|---:|---:|"]
    for name, times in seconds.items():
        median = float(np.median(times))
        faster = "1" if name == reference else ratio(seconds[reference], times)
        lines.append(f"| {name} | {digits(1000 * median)} | {digits(chunks / median)} | {faster} |")
    return "\n".join([*lines, ""])


def _seconds(task: Callable[[], object]) -> float:
    start = cpu_clock()
    task()
    return cpu_clock() - start
