"""Songs as rows of a table of features, for support vector machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exp_audioconcept.classifiers.learned import Learned
from exp_audioconcept.classifiers.svm.model import svm_state
from exp_audioconcept.classifiers.svm.training import FULL_GRID, choose_svm
from exp_audioconcept.song_features.names import LENGTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_audioconcept.classifiers.svm.model import SvmModel
    from exp_audioconcept.song_features.table import FeatureTable
    from exp_audioconcept.songs.splits import Split

__all__ = ["SvmMaterial"]

N_BACKGROUND = 50
"""Songs that explanations compare with."""


@dataclass(frozen=True)
class SvmMaterial:
    """Rows of features."""

    table: FeatureTable
    groups: Sequence[str]
    paper: bool = False
    """Choose by cross-validation in all songs that are not tested on, and take the length of the file as a feature."""

    jobs: int | None = None
    """Processes for the grid."""

    grid: Sequence[Mapping[str, Sequence]] = FULL_GRID

    @property
    def names(self) -> Sequence[str]:
        """Of the files."""
        return self.table.names

    @property
    def genres(self) -> Sequence[str]:
        """Of the songs."""
        return self.table.genres

    def train(self, split: Split, *, seed: int, checkpoint: Path) -> Learned:
        """Try the grid, and train the best; a grid knows no chance, and needs no checkpoint."""
        used = self.table if self.paper else self.table.without(LENGTH)
        search = choose_svm(
            used.values[split.learned],
            np.asarray(self.genres)[split.learned],
            features=used.features,
            n_valid=0 if self.paper else len(split.valid),
            grid=self.grid,
            jobs=self.jobs,
        )
        chosen = split.train[:: max(1, len(split.train) // N_BACKGROUND)]
        settings, state = svm_state(search.machine, used.values[chosen])
        lengths = self.table.values[split.train, self.table.features.index(LENGTH)]
        settings |= {"length": int(np.median(lengths)), "paper": self.paper}
        told = {
            "best_parameters": dict(search.parameters),
            "chosen_by": search.chosen_by,
            "accuracy_where_chosen": search.accuracy,
            "grid_search_results": [{**parameters, "accuracy": accuracy} for parameters, accuracy in search.tried],
        }
        return Learned("SVM", settings, state, told)

    def tell(self, model: SvmModel, songs: NDArray) -> NDArray:
        """Numbers of the genres that win most pairs, (n,): what the grid was chosen by."""
        columns = [self.table.features.index(name) for name in model.machine.features]
        return model.machine.tell(self.table.values[songs][:, columns])
