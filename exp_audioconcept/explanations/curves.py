"""Whether attributions are right: cells taken away or put back in their order, against orders drawn by chance.

V. Petsiuk, A. Das, K. Saenko, "RISE: randomized input sampling for explanation of black-box models", BMVC, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from exp_audioconcept.explanations.attributions import AT_ONCE
from exp_audioconcept.explanations.weights import mean_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from exp_audioconcept.explanations.grid import Grid

__all__ = ["Curves", "Random", "area", "better_than_chance", "measure_chance", "measure_curves"]


@dataclass(frozen=True)
class Curves:
    """Share of the genre while cells are taken from the whole spectrogram, or put into the mean of all songs."""

    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]
    """(n_steps + 1,), from none of the cells to all."""


@dataclass(frozen=True)
class Random:
    """The same in orders drawn by chance."""

    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]
    """(n_orders, n_steps + 1)"""

    def interval(self, kind: str) -> tuple[float, float, float]:
        """Mean area, and between what the area of another order drawn by chance lies with 95 %, by Student's t."""
        from scipy.stats import t

        areas = area(getattr(self, kind))
        half = t.ppf(0.975, len(areas) - 1) * areas.std(ddof=1) * np.sqrt(1 + 1 / len(areas))
        mean = float(areas.mean())
        return mean, max(0.0, mean - float(half)), min(1.0, mean + float(half))


def area(curves: NDArray[np.floating]) -> NDArray[np.float64]:
    """Area below curves, (…, n) → (…), for an axis from 0 to 1: small is good for deletion, large for insertion."""
    return np.trapezoid(curves, dx=1 / (curves.shape[-1] - 1), axis=-1)


def better_than_chance(curves: Sequence[Curves], randoms: Sequence[Random], kind: str) -> tuple[float, float, float]:
    """By how much the area of attributions is better than the mean by chance: mean of songs, and its 95 % interval.

    Parameters
    ----------
    curves, randoms
        of two songs at least, each with its own.
    kind
        deletion, where smaller areas are better, or insertion.
    """
    sign = -1 if kind == "deletion" else 1
    gains = [
        sign * (float(area(getattr(own, kind))) - random.interval(kind)[0])
        for own, random in zip(curves, randoms, strict=True)
    ]
    mean, low, high = mean_interval(np.array(gains))
    return float(mean), float(low), float(high)


def measure_curves(
    decide: Callable[[torch.Tensor], torch.Tensor],
    mel: torch.Tensor,
    spectrum: torch.Tensor,
    genre: int,
    grid: Grid,
    attributions: Mapping[str, NDArray[np.floating]],
    *,
    steps: int,
) -> dict[str, Curves]:
    """Curves of attributions.

    Parameters
    ----------
    decide, mel, spectrum, genre
        as in `exp_audioconcept.explanations.attributions`.
    attributions
        name → (n_bands, n_frames); cells go in the order of their sums, the largest first.
    steps
        in which all cells go.
    """
    orders = [np.argsort(-grid.sums(image), kind="stable") for image in attributions.values()]
    wanted = [order for own in orders for order in (own, own[::-1])]
    shares = _shares(decide, mel, spectrum, genre, grid, wanted, steps)
    return {name: Curves(shares[2 * number], shares[2 * number + 1, ::-1]) for number, name in enumerate(attributions)}


def measure_chance(
    decide: Callable[[torch.Tensor], torch.Tensor],
    mel: torch.Tensor,
    spectrum: torch.Tensor,
    genre: int,
    grid: Grid,
    *,
    steps: int,
    n_orders: int,
    seed: int = 0,
) -> Random:
    """Curves of so many orders that are drawn by chance; parameters as those of `measure_curves`."""
    random = np.random.default_rng(seed)
    orders = [random.permutation(grid.n_cells) for _ in range(n_orders)]
    drawn = _shares(decide, mel, spectrum, genre, grid, orders, steps)
    # What is put in first is what the reverse order takes away last, and that is drawn by chance as well.
    return Random(drawn, drawn[:, ::-1])


def _gone(order: NDArray[np.integer], steps: int) -> NDArray[np.bool_]:
    """Which cells are gone after each step, (steps + 1, n_cells)."""
    rank = np.argsort(order)
    return rank < np.linspace(0, len(order), steps + 1).round()[:, None]


def _shares(
    decide: Callable,
    mel: torch.Tensor,
    spectrum: torch.Tensor,
    genre: int,
    grid: Grid,
    orders: Sequence[NDArray[np.integer]],
    steps: int,
) -> NDArray[np.float64]:
    """Share of the genre while cells go in some orders, (n_orders, steps + 1); the same cells are looked at once."""
    gone = np.concatenate([_gone(order, steps) for order in orders])
    different, place = np.unique(gone, axis=0, return_inverse=True)
    numbers = torch.from_numpy(grid.numbers)
    shares = []
    with torch.inference_mode():
        for masks in torch.from_numpy(different).split(AT_ONCE):
            images = torch.where(masks[:, numbers], spectrum[:, None], mel)
            shares.append(decide(images).double().softmax(dim=1)[:, genre])
    return torch.cat(shares).numpy()[place].reshape(len(orders), -1)
