"""A support vector machine for each instrument, standardised by what it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exp_lumen.instruments import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

__all__ = ["Machines", "fit_machines"]

KERNELS = ("rbf", "linear")


@dataclass(frozen=True)
class Machines:
    """Fitted machines by the codes of their instruments; none where all that is known is the same."""

    pipelines: Mapping[str, Pipeline]

    def scores(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Decision values through a sigmoid, (n, 28) → (n, 11); they are no probabilities, 0.5 is the margin's middle.

        0 for an instrument without a machine.
        """
        from scipy.special import expit

        scores = np.zeros((len(features), len(CODES)))
        for code, pipeline in self.pipelines.items():
            scores[:, CODES.index(code)] = expit(pipeline.decision_function(features))
        return scores


def fit_machines(
    features: NDArray[np.float64], targets: NDArray, known: NDArray, *, kernel: str = "rbf", strength: float = 1.0
) -> Machines:
    """Fit a machine for each instrument to the recordings of which it is known whether it plays.

    Parameters
    ----------
    features : (n, 28)
    targets, known : (n, 11)
    kernel
        one of `KERNELS`.
    strength
        C: how little errors are allowed.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    pipelines = {}
    for index, code in enumerate(CODES):
        used = known[:, index] > 0
        if len(np.unique(targets[used, index])) == 2:
            machine = SVC(kernel=kernel, C=strength, class_weight="balanced")
            pipelines[code] = make_pipeline(StandardScaler(), machine).fit(features[used], targets[used, index])
    return Machines(pipelines)
