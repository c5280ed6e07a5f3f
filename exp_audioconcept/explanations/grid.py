"""Cells of a Mel spectrogram, some bands by some frames: what attributions are told of, and what is taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Grid"]


@dataclass(frozen=True)
class Grid:
    """About so many cells, along frequency and time, of a spectrogram of (n_bands, n_frames)."""

    n_bands: int
    n_frames: int
    cells: tuple[int, int]

    @property
    def cell(self) -> tuple[int, int]:
        """Bands and frames of a cell; those at the upper and the right edge may have fewer."""
        n_high, n_wide = self.cells
        return -(-self.n_bands // n_high), -(-self.n_frames // n_wide)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Number of the cell that each band and frame belongs to, (n_bands, n_frames)."""
        high, wide = self.cell
        n_wide = -(-self.n_frames // wide)
        return np.arange(self.n_bands)[:, None] // high * n_wide + np.arange(self.n_frames) // wide

    @property
    def n_cells(self) -> int:
        """All of them."""
        return int(self.numbers[-1, -1]) + 1

    def sums(self, image: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum over each cell, (n_bands, n_frames) → (n_cells,)."""
        return np.bincount(self.numbers.ravel(), np.asarray(image, np.float64).ravel(), minlength=self.n_cells)
