"""What it is worth to have heard a singer before: accuracy by how much of the same was in training.

The published folds are drawn over recordings, so that nearly all singers that are tested on are trained on as well, in
the same technique. Where folds are drawn by singer, none is (`exp_emvd.data.folds.draw_folds`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from exp_emvd.evaluation.voting import vote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas
    from numpy.typing import NDArray

    from exp_emvd.evaluation.predictions import Predictions

__all__ = ["Heard", "chance_of_trend", "heard_and_right", "table_text", "tabulate"]

RANGES = ((0, 0), (1, 2), (3, 4), (5, 8), (9, None))
"""Fewest and most recordings of the same singer and technique in training, for each row of the table."""

N_PERMUTATIONS = 10_000


@dataclass(frozen=True)
class Heard:
    """A row of the table."""

    fewest: int
    most: int | None
    """Recordings of the same singer and technique in training; None: any number."""
    n_recordings: int
    right: float
    """Share of the recordings."""
    expected: float
    """The same if each technique were told as well as it is on the whole, whoever sings."""


def heard_and_right(
    table: pandas.DataFrame, splits: Mapping[int, Predictions], *, by_score: bool = True
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.bool_]]:
    """Of each recording that was tested on: technique, how much of the same was trained on, whether it was told right.

    Parameters
    ----------
    table
        recordings with file_name, name, singer_id and the columns of the folds.
    splits
        as `exp_emvd.evaluation.predictions.read_predictions` gives them.
    by_score
        break ties between votes by scores, where there are any.

    Returns
    -------
    techniques, counts, right : (n_recordings,)

    Raises
    ------
    UserError
        where a recording was predicted in a split that is not tested on it.
    """
    known = table.set_index("file_name")
    techniques, counts, right = [], [], []
    for split, predictions in splits.items():
        parts = _parts(known, split)
        votes = vote(predictions, by_score=by_score)
        strange = [name for name in votes.recordings if parts.get(name) != "eval"]
        if strange:
            raise UserError(
                f"split{split} predicts {strange[0]}, which its folds do not test on: name the folds that the "
                "network was trained with"
            )
        trained = known[parts == "train"].groupby(["singer_id", "name"]).size()
        tested = known.loc[votes.recordings]
        techniques.extend(tested["name"])
        counts.extend(trained.get(key, 0) for key in zip(tested["singer_id"], tested["name"], strict=True))
        right.extend(votes.correct)
    return np.array(techniques), np.array(counts, dtype=np.int64), np.array(right, dtype=bool)


def _parts(known: pandas.DataFrame, split: int) -> pandas.Series:
    column = f"split{split}"
    if column not in known.columns:
        raise UserError(f"the folds have no {column}: name those that the network was trained with")
    return known[column]


def tabulate(techniques: NDArray[np.str_], counts: NDArray[np.int64], right: NDArray[np.bool_]) -> list[Heard]:
    """Accuracy by how much of the same singer and technique was trained on; rows without recordings are left out."""
    _, technique = np.unique(techniques, return_inverse=True)
    recalls = np.bincount(technique, right) / np.bincount(technique)
    members = {
        (fewest, most): (counts >= fewest) & (counts <= (np.inf if most is None else most)) for fewest, most in RANGES
    }
    return [
        Heard(*limits, int(chosen.sum()), float(right[chosen].mean()), float(recalls[technique[chosen]].mean()))
        for limits, chosen in members.items()
        if chosen.any()
    ]


def chance_of_trend(techniques: NDArray[np.str_], counts: NDArray[np.int64], right: NDArray[np.bool_]) -> float:
    """How often chance alone would let recordings of which more was heard be right as much more often as they are.

    One-sided p-value of a permutation test: which recordings are right is drawn anew within each technique, since
    techniques are not told equally well; compared is the mean over the right ones of the logarithm of 1 + count.
    """
    generator = np.random.default_rng(0)
    weights = np.log1p(counts)
    drawn = np.zeros(N_PERMUTATIONS)
    for technique in np.unique(techniques):
        members = techniques == technique
        orders = generator.permuted(np.tile(weights[members], (N_PERMUTATIONS, 1)), axis=1)
        drawn += orders[:, : right[members].sum()].sum(axis=1)
    found = weights[right].sum()
    return float((1 + (drawn >= found - 1e-9).sum()) / (1 + N_PERMUTATIONS))


def table_text(rows: Sequence[Heard], chance: float) -> str:
    """The table in words."""
    lines = [f"{'in training':<12}{'tested on':>12}{'right %':>10}{'expected %':>12}"]
    lines += [
        f"{_range(row):<12}{row.n_recordings:>12}{100 * row.right:>10.1f}{100 * row.expected:>12.1f}" for row in rows
    ]
    lines.append(
        "recordings of the same singer and technique; expected: if each technique were told as well as on the whole\n"
        f"chance alone would let what was heard more be right as much more often with p = {chance:.2g}"
    )
    return "\n".join(lines)


def _range(row: Heard) -> str:
    if row.most is None:
        return f"{row.fewest} or more"
    return f"{row.fewest}" if row.fewest == row.most else f"{row.fewest} to {row.most}"
