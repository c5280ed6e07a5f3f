"""Songs as sound and spectrograms in a store, for networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from exp_audioconcept.classifiers.learned import MEAN_SPECTRUM, Learned
from exp_audioconcept.classifiers.network.training import (
    EVALUATION_BATCH_SIZE,
    NetworkSettings,
    song_logits,
    train_network,
)
from exp_audioconcept.classifiers.stored_songs import StoredMaterial
from exp_audioconcept.songs.sound import StoredSongs
from exp_audioconcept.songs.windows import AllWindows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_audioconcept.classifiers.network.model import NetworkModel
    from exp_audioconcept.songs.splits import Split

__all__ = ["NetworkMaterial"]


@dataclass(frozen=True)
class NetworkMaterial(StoredMaterial):
    """Songs of a store."""

    network: NetworkSettings
    device: str = "cpu"
    scalars: Callable[[str, float, int], None] | None = None
    """Told of every loss, for TensorBoard."""

    def train(self, split: Split, *, seed: int, checkpoint: Path) -> Learned:
        """Train a network, from the checkpoint where there is one."""
        found, numbers = np.unique(self.genres, return_inverse=True)
        stored = StoredSongs(self.store)
        trained = train_network(
            replace(self.network, seed=seed),
            stored,
            train=split.train,
            valid=split.valid,
            genres=numbers,
            n_genres=len(found),
            checkpoint=checkpoint,
            device=self.device,
            scalars=self.scalars,
        )
        accuracies = trained.losses["accuracy_valid"]
        best = 1 + int(np.argmax(accuracies[1:]))
        told = {
            "best_valid_accuracy": accuracies[best],
            "best_epoch": best,
            "final_valid_accuracy": accuracies[-1],
            "epochs": len(accuracies) - 1,
            **{name: list(values) for name, values in trained.losses.items()},
        }
        spectrum = stored.mean_spectrum(split.train).tolist()
        settings = {**trained.settings, "genres": found.tolist(), MEAN_SPECTRUM: spectrum}
        return Learned(self.network.kind, settings, trained.state, told, trained.losses)

    def tell(self, model: NetworkModel, songs: NDArray) -> NDArray:
        """Numbers of the genres with the highest mean logit of all windows of songs, (n,)."""
        genres = np.zeros(len(songs), np.int64)  # nobody looks at them
        source = AllWindows(
            StoredSongs(self.store), songs, genres, length=model.length, batch_size=EVALUATION_BATCH_SIZE
        )
        return song_logits(model.network, source).argmax(axis=1)
