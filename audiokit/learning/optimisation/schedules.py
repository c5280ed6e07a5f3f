"""Learning rates over a training, as functions of how far it has come.

A schedule has no state of its own: what it needs of the past (a plateau's losses) is in the progress that it is given.
So it goes on after a stop where it was, with nothing to store.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Decaying",
    "Geometric",
    "OneCycle",
    "Plateau",
    "Progress",
    "Schedule",
]

WARM_UP_STEPS = 200


@dataclass(frozen=True)
class Progress:
    """How far a training has come."""

    step: int
    """Steps done."""

    n_steps: int
    """Steps of the training as planned."""

    steps_per_epoch: int
    history: Sequence[float] = field(default=())
    """Validated values of what the state is kept by, the first before training."""


@dataclass(frozen=True)
class Schedule:
    """A learning rate for each step; subclasses say which."""

    def __call__(self, progress: Progress) -> float:
        """Learning rate of the next step."""
        raise NotImplementedError

    def description(self) -> dict[str, object]:
        """What two parts of one training must have in common."""
        return {"schedule": type(self).__name__.lower(), **asdict(self)}


@dataclass(frozen=True)
class Constant(Schedule):
    """The same from beginning to end."""

    learning_rate: float = 1e-3

    def __call__(self, progress: Progress) -> float:
        """Learning rate of the next step."""
        return self.learning_rate


@dataclass(frozen=True)
class Cosine(Schedule):
    """Rises for `WARM_UP_STEPS`, then falls to nothing along half a cosine."""

    learning_rate: float = 1e-3

    def __call__(self, progress: Progress) -> float:
        """Learning rate of the next step."""
        rise = min(1.0, (progress.step + 1) / WARM_UP_STEPS)
        share = progress.step / progress.n_steps
        return self.learning_rate * rise * (0.5 + 0.5 * math.cos(math.pi * share))


@dataclass(frozen=True)
class CosineRestarts(Schedule):
    """Falls along half a cosine again and again, each time over `factor` times as many epochs as before.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR, 2017.
    """

    learning_rate: float
    first_epochs: int = 1
    factor: int = 2
    smallest: float = 0.0

    def __call__(self, progress: Progress) -> float:
        """Learning rate of the next step."""
        length = self.first_epochs * progress.steps_per_epoch
        step = progress.step
        while step >= length:
            step -= length
            length *= self.factor
        fall = 0.5 + 0.5 * math.cos(math.pi * step / length)
        return self.smallest + (self.learning_rate - self.smallest) * fall


@dataclass(frozen=True)
class Decaying(Schedule):
    """Falls a little with each step, as Keras' `decay` does: rate / (1 + decay · step)."""

    learning_rate: float
    decay: float = 1e-6

    def __call__(self, progress: Progress) -> float:
        """Learning rate of the next step."""
        return self.learning_rate / (1 + self.decay * progress.step)


@dataclass(frozen=True)
class Geometric(Schedule):
    """From one rate to another by the same factor each epoch, as heads are warmed up before their backbone."""

    first: float
    last: float

    def __call__(self, progress: Progress) -> float:
        """Learning rate of the next step."""
        epoch = progress.step // progress.steps_per_epoch
        n_epochs = max(1, progress.n_steps // progress.steps_per_epoch - 1)
        return self.first * (self.last / self.first) ** min(1.0, epoch / n_epochs)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Rises to the highest rate and falls far below where it began, both along half a cosine.

    Smith and Topin, "Super-convergence", 2018; the shares and divisors are PyTorch's.
    """

    highest: float
    rising_share: float = 0.3
    first_divisor: float = 25.0
    last_divisor: float = 1e4

    def __call__(self, progress: Progress) -> float:
        """Learning rate of the next step."""
        first = self.highest / self.first_divisor
        peak = self.rising_share * progress.n_steps - 1
        if progress.step <= peak:
            return _between(first, self.highest, progress.step / peak if peak > 0 else 1.0)
        falling = (progress.step - peak) / max(1.0, progress.n_steps - 1 - peak)
        return _between(self.highest, first / self.last_divisor, min(1.0, falling))


@dataclass(frozen=True)
class Plateau(Schedule):
    """Falls by a factor whenever more than `patience` epochs have brought nothing better."""

    learning_rate: float
    factor: float = 0.75
    patience: int = 8
    smallest: float = 0.0
    rises: bool = False
    """Whether higher values are better."""

    threshold: float = 1e-4
    """Share by which a value has to be better to count."""

    def __call__(self, progress: Progress) -> float:
        """Learning rate of the next step."""
        rate, best, waited = self.learning_rate, math.inf, 0
        # The value before training counts for nothing.
        for value in progress.history[1:]:
            cost = -value if self.rises else value
            if best == math.inf or cost < best - abs(best) * self.threshold:
                best, waited = cost, 0
            else:
                waited += 1
            if waited > self.patience:
                rate, waited = max(self.smallest, rate * self.factor), 0
        return rate


def _between(start: float, end: float, share: float) -> float:
    """Along half a cosine."""
    return end + (start - end) * (0.5 + 0.5 * math.cos(math.pi * share))
