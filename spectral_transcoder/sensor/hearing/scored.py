"""Successive blocks of levels with what was heard in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from spectral_transcoder.sensor.presence.indicators import a_weighted_levels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Scored"]


@dataclass(frozen=True)
class Scored:
    """Successive blocks with their scores."""

    times: NDArray[np.float64]
    """(n,), of the beginning of each, s."""

    chunks: NDArray[np.integer]
    """(n,), the number of the series that each belongs to: the chunk in an array (chunks, frames, 29), else 0."""

    seconds: NDArray[np.integer]
    """(n,), whole seconds that the scores rest on."""

    levels: NDArray[np.float64]
    """(n,), mean level of all measured bands together over the frames that are there (Leq), dB as in the file."""

    scores: NDArray[np.float32]
    """(n, n_labels) in [0, 1]; NaN where less than half of a block's seconds are there."""

    bands: NDArray[np.float32] = field(repr=False)
    """(n, frames_per_block, 29), the frames, dB as in the file, NaN in gaps."""

    measured: NDArray[np.bool_] | None = None
    """(n, 29), the bands that levels are of: not those that were continued beyond what a meter has. None: all."""

    @cached_property
    def a_weighted(self) -> NDArray[np.float64]:
        """(n, frames_per_block), A-weighted level of all measured bands together, dB as in the file, NaN in gaps."""
        return a_weighted_levels(self.bands, None if self.measured is None else self.measured[:, None])
