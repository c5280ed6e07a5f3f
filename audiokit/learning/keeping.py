"""Which epoch's state of a network is kept, and when no better one is waited for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Keeping"]


@dataclass(frozen=True)
class Keeping:
    """A rule, given the values of all validations so far, the first of which was before training."""

    by: str = "losses_valid"
    """Name among the recorded values."""

    rises: bool = False
    """Whether higher values are better."""

    later_of_equals: bool = True
    patience: int | None = None
    """Epochs without a better value after which to stop; never by default."""

    untrained: bool = True
    """Whether the state before training may be the best."""

    def best(self, values: Sequence[float]) -> int | None:
        """Index of the best value; None where there is none. What is not a number is never best."""
        first = 0 if self.untrained else 1
        costs = [(-value if self.rises else value, index) for index, value in enumerate(values)][first:]
        costs = [(cost, -index if self.later_of_equals else index) for cost, index in costs if not math.isnan(cost)]
        return abs(min(costs)[1]) if costs else None

    def is_over(self, values: Sequence[float]) -> bool:
        """Whether patience has run out."""
        if self.patience is None:
            return False
        best = self.best(values)
        return len(values) - 1 - (0 if best is None else best) >= self.patience
