"""How much each component of a sound weighs in a decision: what is lost without it, by a linear model of the model.

M. T. Ribeiro, S. Singh, C. Guestrin, "Why should I trust you?", KDD, 2016 (LIME), on sounds as V. Haunschmid,
E. Manilow, G. Widmer, "audioLIME: listenable explanations using source separation", MML, 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Weights", "component_weights", "draw_masks", "linear_weights", "mean_interval"]

KERNEL_WIDTH = 0.25
"""LIME's: how soon a sound counts little that lacks some components."""


@dataclass(frozen=True)
class Weights:
    """Of components, in the unit of the decision value."""

    mean: NDArray[np.float64]
    """(n_components,)"""
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """In which the mean over all drawings lies with 95 %."""
    n_evaluated: int
    """Different sounds that the model was asked about."""


def component_weights(
    evaluate: Callable[[NDArray[np.bool_]], NDArray[np.floating]],
    n_components: int,
    *,
    repetitions: int,
    draws: int,
    seed: int = 0,
) -> Weights:
    """Weights of components, and how far they depend on what was drawn.

    Parameters
    ----------
    evaluate
        decision values of sounds that have only some components, (m, n_components) → (m,); asked once about each.
    repetitions
        drawings that are worked out by themselves, two at least.
    draws
        sounds of each, with the whole one.
    """
    drawn = draw_masks(n_components, repetitions=repetitions, draws=draws, seed=seed)
    different, place = np.unique(drawn.reshape(-1, n_components), axis=0, return_inverse=True)
    values = np.asarray(evaluate(different), np.float64)[place].reshape(repetitions, draws)
    found = np.stack([linear_weights(masks, own) for masks, own in zip(drawn, values, strict=True)])
    return Weights(*mean_interval(found), len(different))


def draw_masks(n_components: int, *, repetitions: int, draws: int, seed: int) -> NDArray[np.bool_]:
    """Which components are on, (repetitions, draws, n_components): all in the first draw of each, never none.

    Where there are no more possibilities than draws, each repetition has them all.
    """
    everything = np.array(
        [[number >> bit & 1 for bit in range(n_components)] for number in range(2**n_components - 1, 0, -1)], bool
    )
    random = np.random.default_rng(seed)
    masks = []
    for _ in range(repetitions):
        further = draws - min(draws, len(everything))
        sample = random.permutation(np.arange(1, len(everything)))[: draws - 1 - further]
        again = random.integers(len(everything), size=further)
        masks.append(everything[np.concatenate([[0], sample, again])])
    return np.stack(masks)


def linear_weights(masks: NDArray[np.bool_], values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Slopes of the linear model that fits best, the more like the whole sound the better.

    Parameters
    ----------
    masks : (m, n)
    values : (m,)

    Returns
    -------
    (n,), the shortest solution where several fit as well
    """
    distances = 1 - np.sqrt(masks.mean(axis=1))
    roots = np.exp(-((distances / KERNEL_WIDTH) ** 2) / 4)  # LIME's kernel has a root, and least squares square
    rows = np.column_stack([masks, np.ones(len(masks))]) * roots[:, None]
    return np.linalg.lstsq(rows, values * roots, rcond=1e-10)[0][:-1]


def mean_interval(found: NDArray[np.floating]) -> tuple[NDArray, NDArray, NDArray]:
    """Mean of repetitions, (m, …), and between what it lies with 95 %, by Student's t."""
    from scipy.stats import t

    mean = found.mean(axis=0)
    half = t.ppf(0.975, len(found) - 1) * found.std(axis=0, ddof=1) / np.sqrt(len(found))
    return mean, mean - half, mean + half
