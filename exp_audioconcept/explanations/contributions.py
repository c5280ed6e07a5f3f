"""What each feature of a song adds to an SVM's decision for a genre: Shapley values, by shap.

S. M. Lundberg, S.-I. Lee, "A unified approach to interpreting model predictions", NeurIPS, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numba
import numpy as np

from audiokit.errors import UserError
from exp_audioconcept.explanations.attributions import REMEDY

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray
    from shap import Explanation

    from exp_audioconcept.classifiers.svm.model import SvmModel

__all__ = ["Contributions", "feature_contributions", "import_shap"]

N_PERMUTATIONS = 4
"""Orders of the features, each taken forwards and backwards."""


@cache
def import_shap() -> ModuleType:
    """shap, whose loops stay Python: numba would compile them anew in every process, for longer than they work.

    What other threads import meanwhile would stay Python, too: the first time, ask for it while there are none.

    Raises
    ------
    UserError
        where it is not installed.
    """
    compiled_never = numba.config.DISABLE_JIT
    numba.config.DISABLE_JIT = True
    try:
        import shap
    except ImportError as error:
        raise UserError(f"explanations of an SVM need shap: {REMEDY}") from error
    finally:
        numba.config.DISABLE_JIT = compiled_never
    return shap


@dataclass(frozen=True)
class Contributions:
    """Of a song's features, and of those of songs that the model learned from."""

    song: Explanation
    """Of the song: `values` (n_features,), which sum up with `base_values` to its decision value."""
    songs: Explanation
    """Of the others, (n_songs, n_features), and of the song as the last."""


@dataclass(frozen=True)
class _Replaced:
    """Puts the values of other songs where a feature is unknown.

    As `shap.maskers.Independent`, which compiles itself anew in every process, for longer than it works.
    """

    background: NDArray[np.float64]
    immutable_outputs = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Other songs, and features."""
        return self.background.shape

    def __call__(self, known: NDArray[np.bool_], features: NDArray[np.float64]) -> tuple[NDArray[np.float64]]:
        """(n_features,) and (n_features,) → (n_songs, n_features)."""
        return (np.where(known, features, self.background),)


def feature_contributions(
    model: SvmModel, features: NDArray[np.float64], genre: int, *, seed: int = 0
) -> Contributions:
    """Shapley values of one genre's decision value, against songs that the model learned from.

    The features go through the machine's own filter and scaler.

    Parameters
    ----------
    features : (n_features,)
        of a song, as the model asks for them.
    genre
        number.

    Raises
    ------
    UserError
        where shap is not installed.
    """
    shap = import_shap()
    rows = np.concatenate([model.background, features[None]])
    names = list(model.machine.features)
    explain = shap.PermutationExplainer(
        lambda values: model.machine.decide(values)[:, genre],
        _Replaced(model.background),
        feature_names=names,
        seed=seed,
    )
    found = explain(rows, max_evals=N_PERMUTATIONS * (2 * len(names) + 1), silent=True)
    return Contributions(found[-1], found)
