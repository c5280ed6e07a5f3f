"""Which way to make probabilities of scores is nearest to what was there: none, a logistic line, or isotonic steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.isotonic import IsotonicRegression

from sensors.clips import GROUPS, blocks_of_clips
from sensors.measures import choose_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sensors.clips import Clips

__all__ = ["brier_scores", "brier_table"]

Blocks = tuple["NDArray[np.floating]", "NDArray[np.floating]", "NDArray[np.integer]"]
"""(n,) each: scores, shares of the seconds with the source in them, seconds."""


def brier_scores(scores: NDArray[np.floating], clips: Clips) -> dict[str, list[float]]:
    """Mean over seconds of the squared error of probabilities that come from the other clips.

    Parameters
    ----------
    scores : (n_clips, n_blocks, n_groups)

    Returns
    -------
    dict
        name of the way → a value for each of `GROUPS`
    """
    present, seconds = blocks_of_clips(clips)
    scores = scores[:, : len(seconds)]
    found: dict[str, list[float]] = {}
    for place in range(len(GROUPS)):
        for name, way in WAYS.items():
            errors = [
                _error(way, scores[:, :, place], present[:, :, place], seconds, clip) for clip in range(len(scores))
            ]
            found.setdefault(name, []).append(float(np.mean(errors)))
    return found


def brier_table(found: Mapping[str, Mapping[str, list[float]]]) -> str:
    """Brier scores as Markdown: title → what `brier_scores` gives."""
    columns = [f"{group}: {name}" for group in GROUPS for name in WAYS]
    lines = [f"| Brier score | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    for title, ways in found.items():
        cells = [f"{ways[name][place]:.3f}" for place in range(len(GROUPS)) for name in WAYS]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _error(
    way: Callable[[Blocks, NDArray[np.floating]], NDArray[np.floating]],
    scores: NDArray[np.floating],
    present: NDArray[np.floating],
    seconds: NDArray[np.integer],
    clip: int,
) -> float:
    others = np.arange(len(scores)) != clip
    each = np.broadcast_to(seconds, scores.shape)
    probable = way((scores[others].ravel(), present[others].ravel(), each[others].ravel()), scores[clip])
    squares = present[clip] * (1 - probable) ** 2 + (1 - present[clip]) * probable**2
    return float((squares * seconds).sum() / seconds.sum())


def _share(others: Blocks, scores: NDArray[np.floating]) -> NDArray[np.floating]:
    _, present, seconds = others
    return np.full(len(scores), (present * seconds).sum() / seconds.sum())


def _logistic(others: Blocks, scores: NDArray[np.floating]) -> NDArray[np.floating]:
    probable = choose_threshold(*others).probability(scores)
    return _share(others, scores) if np.isnan(probable).any() else probable


def _isotonic(others: Blocks, scores: NDArray[np.floating]) -> NDArray[np.floating]:
    of_others, present, seconds = others
    steps = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(of_others, present, sample_weight=seconds)
    return steps.predict(scores)


WAYS = {"share of time": _share, "logistic": _logistic, "isotonic": _isotonic}
"""Name → probabilities of scores of a clip by blocks of other clips."""
