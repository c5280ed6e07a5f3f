"""All that is told of answers for a whole set, in words that go into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit import cli
from audiokit.labels.multilabel import label_ranking_average_precision, mean_average_precision, measure_decisions
from exp_lumen.instruments import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["batchwise_macro_f1", "measures_of", "summary"]


def measures_of(
    targets: NDArray, scores: NDArray[np.floating], known: NDArray, thresholds: NDArray[np.floating]
) -> dict[str, object]:
    """Measures of a set.

    Parameters
    ----------
    targets, scores, known : (n, 11)
        of recordings, or of pieces.
    thresholds : (11,)
        at or above which an instrument is said to play.

    Returns
    -------
    dict
        `f1`, `precision`, `recall` (macro), the same with `micro_` before it, `hamming_score`,
        `hamming_score_of_all_zero`, `exact_match`, `lrap` (NaN unless every label is known), `mean_average_precision`;
        and `instruments` by code.
    """
    measured = measure_decisions(targets, scores >= thresholds, known)
    whole = {
        "f1": measured.macro_f1,
        "precision": measured.macro_precision,
        "recall": measured.macro_recall,
        "micro_f1": measured.micro_f1,
        "micro_precision": measured.micro_precision,
        "micro_recall": measured.micro_recall,
        "hamming_score": measured.hamming_score,
        "hamming_score_of_all_zero": measured.all_zero_hamming_score,
        "exact_match": measured.exact_match,
        "lrap": label_ranking_average_precision(targets, scores) if np.all(known) else float("nan"),
        "mean_average_precision": mean_average_precision(np.asarray(targets, float), scores, known),
    }
    present, counted = (np.asarray(targets) * known).sum(axis=0), np.asarray(known).sum(axis=0)
    by_label = (measured.f1_by_label, measured.precision_by_label, measured.recall_by_label)
    columns = zip(CODES, *by_label, thresholds, present, counted, strict=True)
    instruments = {
        code: {
            "f1": float(f1),
            "precision": float(precision),
            "recall": float(recall),
            "threshold": float(threshold),
            "present": int(n_present),
            "known": int(n_known),
        }
        for code, f1, precision, recall, threshold, n_present, n_known in columns
    }
    return {**whole, "n": len(targets), "instruments": instruments}


def summary(measures: Mapping[str, object]) -> str:
    """The most important measures, a line each."""
    rows = [
        ("macro F1", "f1"),
        ("micro F1", "micro_f1"),
        ("mean average precision", "mean_average_precision"),
        ("LRAP", "lrap"),
        ("Hamming score", "hamming_score"),
        ("  of all-zero answers", "hamming_score_of_all_zero"),
    ]
    return cli.columns([(name, f"{measures[key]:.4f}") for name, key in rows])


def batchwise_macro_f1(targets: NDArray, decisions: NDArray, batch_size: int) -> float:
    """The original's F1: macro F1 of each batch, absent instruments counting 0, and of these the mean.

    For comparison alone: it depends on the batch size and on the order, and a perfect answer does not have 1.
    """
    starts = range(0, len(targets), batch_size)
    values = []
    for start in starts:
        stop = start + batch_size
        f1 = measure_decisions(targets[start:stop], decisions[start:stop]).f1_by_label
        values.append(np.nan_to_num(f1).mean())
    return float(np.mean(values))
