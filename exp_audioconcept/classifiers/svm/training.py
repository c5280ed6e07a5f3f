"""Support vector machines on features: filter, scaler and machine in one pipeline, and the original's grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exp_audioconcept.classifiers.svm.support_vectors import SupportVectors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

__all__ = ["FULL_GRID", "Search", "choose_svm", "svm_pipeline"]

SEED = 42
COSTS = (0.1, *range(1, 11), 100)
GAMMAS = ("scale", "auto", 0.1, 5e-3, 0.01, 1)

FULL_GRID = (
    {"svm__kernel": ["linear"], "svm__C": list(COSTS)},
    {"svm__kernel": ["rbf"], "svm__C": list(COSTS), "svm__gamma": list(GAMMAS)},
)
"""The original's; it tries a gamma for linear machines too, which have none, and one of them twice."""

N_FOLDS = 5


@dataclass(frozen=True)
class Search:
    """What came of trying a grid."""

    machine: SupportVectors
    parameters: Mapping[str, object]
    """C, kernel, gamma of the best."""
    accuracy: float
    """Of the best, where the parameters were chosen: not a test."""
    chosen_by: str
    """Where that was."""
    tried: tuple[tuple[Mapping[str, object], float], ...]
    """All parameters and their accuracies."""


def svm_pipeline(**parameters: object) -> Pipeline:
    """Filter, scaler and machine, untrained; parameters are those of `SVC`."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from exp_audioconcept.song_features.selection import CorrelationFilter

    machine = SVC(random_state=SEED, **parameters)
    return Pipeline([("filter", CorrelationFilter()), ("scaler", StandardScaler()), ("svm", machine)])


def choose_svm(
    values: NDArray[np.floating],
    genres: Sequence[str],
    *,
    features: tuple[str, ...],
    n_valid: int = 0,
    grid: Sequence[Mapping[str, Sequence]] = FULL_GRID,
    groups: Sequence[str] | None = None,
    jobs: int | None = None,
) -> Search:
    """Try a grid, and train the best once more.

    Parameters
    ----------
    values : (n_songs, n_features)
    genres : (n_songs,)
    n_valid
        of the songs, the last, that parameters are chosen by, and not learned from; with none they are chosen by
        cross-validation in five folds, of all, which are all learned from in the end.
    groups : (n_songs,)
        that must not lie in two folds.
    jobs
        processes; one by default.
    """
    from sklearn.model_selection import GridSearchCV, PredefinedSplit, StratifiedGroupKFold, StratifiedKFold

    genres = np.asarray(genres)
    if n_valid:
        folds = PredefinedSplit(np.repeat([-1, 0], [len(genres) - n_valid, n_valid]))
    else:
        n_folds = max(2, min(N_FOLDS, int(np.unique(genres, return_counts=True)[1].min())))
        folds = StratifiedKFold(n_folds) if groups is None else StratifiedGroupKFold(n_folds)
    search = GridSearchCV(svm_pipeline(), list(grid), cv=folds, scoring="accuracy", n_jobs=jobs, refit=not n_valid)
    search.fit(values, genres, groups=groups)
    best = search.best_params_
    if n_valid:
        pipeline = svm_pipeline().set_params(**best).fit(values[:-n_valid], genres[:-n_valid])
    else:
        pipeline = search.best_estimator_
    results = search.cv_results_
    return Search(
        machine=SupportVectors.of(pipeline, features),
        parameters=_plain(best),
        accuracy=float(search.best_score_),
        chosen_by="songs to choose by" if n_valid else f"{folds.get_n_splits()}-fold cross-validation",
        tried=tuple(zip(map(_plain, results["params"]), map(float, results["mean_test_score"]), strict=True)),
    )


def _plain(parameters: Mapping[str, object]) -> dict[str, object]:
    return {name.removeprefix("svm__"): value for name, value in parameters.items()}
