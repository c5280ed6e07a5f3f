"""The comparison of models: each trained and tested on the same songs, and seeds taken together.

What a setting leaves below the experiment's folder, under its identifier: `models/<id>_model.pt`, and in `metrics/`
`<id>_accuracy.npy`, whether each tested song is told right, and `<id>_macro_f1.npy`, `_lowest.npy`, `_highest.npy`,
`_chance.npy`, a number each. Seeds together have no model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from exp_audioconcept.plans import TOGETHER, needs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from audiokit.experiments.plan import Setting
    from exp_audioconcept.classifiers.materials import Source
    from exp_audioconcept.classifiers.network.training import NetworkSettings
    from exp_audioconcept.classifiers.testing import Tested

__all__ = ["METRICS", "PlannedExperiment", "seeds_interval"]

METRICS = ("accuracy", "lowest", "highest", "macro_f1", "chance")


@dataclass(frozen=True)
class PlannedExperiment:
    """What a setting is computed with."""

    root: Path
    """Folder that results go to."""
    source: Source
    seeds: Sequence[int]
    networks: Mapping[str, object]
    """What is changed of the networks' settings: epochs, length …"""
    device: str = "cpu"

    def run(self, setting: Setting) -> None:
        """Train and test, or take seeds together."""
        values = self._together(setting) if setting["seed"] == TOGETHER else self._tested(setting)
        for name in METRICS:
            path = self._path(setting, name)
            make_folder(path.parent)
            with write_whole(path) as partial:
                np.save(partial, np.asarray(values[name]))

    def is_done(self, setting: Setting) -> bool:
        """Whether all figures are there."""
        return all(self._path(setting, name).is_file() for name in METRICS)

    def outputs(self, setting: Setting) -> list[Path]:
        """Files that a setting has left."""
        paths = [*(self._path(setting, name) for name in METRICS), self._model_path(setting)]
        return [path for path in paths if path.is_file()]

    def result(self, setting: Setting, name: str) -> np.ndarray | None:
        """Values of a metric, or None where they are not there."""
        path = self._path(setting, name)
        return np.load(path) if path.is_file() else None

    def _tested(self, setting: Setting) -> dict[str, object]:
        from exp_audioconcept.classifiers.runs import train_and_test

        kind, _, teacher = str(setting["model"]).partition("_")
        with self._source(setting).material(
            kind, network=self._network(kind), teacher=teacher, device=self.device
        ) as material:
            _, tested = train_and_test(
                material,
                self._model_path(setting),
                split=str(setting["split"]),
                seed=int(setting["seed"]),
                teachers=self.source.teachers,
            )
        return _values(tested)

    def _source(self, setting: Setting) -> Source:
        """With the published split the SVM is chosen and trained as it was published."""
        return replace(self.source, paper=setting["split"] == "published" and setting["model"] == "SVM")

    def _network(self, kind: str) -> NetworkSettings | None:
        from exp_audioconcept.classifiers.network.training import NetworkSettings
        from exp_audioconcept.networks.kinds import NETWORKS, n_samples

        if kind not in NETWORKS:
            return None
        usual = NETWORKS[kind]
        own = {
            "kind": kind,
            "length": n_samples(usual.seconds),
            "learning_rate": usual.learning_rate,
            "weight_decay": usual.weight_decay,
        }
        return NetworkSettings(**own | dict(self.networks))

    def _together(self, setting: Setting) -> dict[str, object]:
        parts = needs(setting, seeds=self.seeds)
        if missing := [part for part in parts if not self.is_done(part)]:
            raise UserError(f"there are no results of {missing[0]} yet: compute it first")
        found = {name: [self.result(part, name) for part in parts] for name in METRICS}
        lowest, highest = seeds_interval([float(np.mean(right)) for right in found["accuracy"]])
        return {
            "accuracy": np.concatenate(found["accuracy"]),
            "lowest": lowest,
            "highest": highest,
            "macro_f1": np.mean(found["macro_f1"]),
            "chance": np.mean(found["chance"]),
        }

    def _path(self, setting: Setting, name: str) -> Path:
        return self.root / "metrics" / f"{setting.identifier()}_{name}.npy"

    def _model_path(self, setting: Setting) -> Path:
        return self.root / "models" / f"{setting.identifier()}_model.pt"


def _values(tested: Tested) -> dict[str, object]:
    lowest, highest = tested.interval
    return {
        "accuracy": tested.correct,
        "lowest": lowest,
        "highest": highest,
        "macro_f1": tested.macro_f1,
        "chance": tested.chance,
    }


def seeds_interval(accuracies: Sequence[float]) -> tuple[float, float]:
    """Where the mean over seeds lies with 95 %, by Student's t; of one seed nothing is known."""
    from scipy.stats import t

    n = len(accuracies)
    if n < 2:
        return float("nan"), float("nan")
    half = t.ppf(0.975, n - 1) * np.std(accuracies, ddof=1) / np.sqrt(n)
    mean = float(np.mean(accuracies))
    return max(0.0, mean - half), min(1.0, mean + half)
