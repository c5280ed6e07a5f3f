"""A trained network that can be asked, and its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.learning.checkpoints import load_state_dict
from exp_audioconcept.networks.folding import fold_normalisations
from exp_audioconcept.networks.kinds import create_network
from exp_audioconcept.networks.mel import FRONT_END

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_audioconcept.networks.genre_network import GenreNetwork

__all__ = ["NetworkModel"]


@dataclass(frozen=True)
class NetworkModel:
    """Genres by a network that hears a length of sound at once."""

    kind: str
    network: GenreNetwork
    """In eval mode, its normalisations folded into its convolutions."""
    genres: tuple[str, ...]
    length: int
    """Samples."""
    settings: Mapping[str, object]
    """All that it was trained with."""

    sample_rate = FRONT_END.sample_rate
    front_end = FRONT_END

    def see(self, sounds: NDArray[np.float32]) -> torch.Tensor:
        """Mel spectrograms, (n, length) → (n, 128, n_frames), dB."""
        return self.network.mel(torch.from_numpy(np.ascontiguousarray(sounds, np.float32)))

    def classify(self, mel: torch.Tensor) -> torch.Tensor:
        """Logits of Mel spectrograms, (n, 128, n_frames) → (n, n_genres), differentiable."""
        return self.network.classify(mel)

    def decide(self, sounds: NDArray[np.float32]) -> NDArray[np.float64]:
        """Logits, (n, length) → (n, n_genres)."""
        with torch.inference_mode():
            return self.classify(self.see(sounds)).double().numpy()

    @classmethod
    def of(cls, kind: str, settings: Mapping, state: Mapping[str, torch.Tensor], path: Path) -> NetworkModel:
        """Take a model from the content of its file.

        Raises
        ------
        UserError
            where the weights are not those of the network that the settings tell of.
        """
        genres, length = tuple(settings["genres"]), int(settings["length"])
        # Nothing is made that the file replaces: random weights take VGGish a second.
        with torch.device("meta"):
            network = create_network(kind, len(genres), length=length, adaptive=bool(settings["adaptive"]))
        load_state_dict(network, dict(state), path, assign=True)
        # Convolutions on a CPU take half the time where channels lie side by side.
        network = fold_normalisations(network.eval()).to(memory_format=torch.channels_last)
        return cls(kind, network, genres, length, settings)
