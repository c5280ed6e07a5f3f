"""Networks by name, and what their authors' sweeps found best for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from exp_audioconcept.networks.cnn import CNN
from exp_audioconcept.networks.cnn2 import CNN2
from exp_audioconcept.networks.mel import FRONT_END
from exp_audioconcept.networks.vggish import VGGish

if TYPE_CHECKING:
    from exp_audioconcept.networks.genre_network import GenreNetwork

__all__ = ["LENGTHS", "NETWORKS", "NetworkKind", "create_network", "n_samples"]

LENGTHS = {"CNN": 29.1, "VGG": 3.96}
"""Seconds by the names that `--audio-length` has for them."""


@dataclass(frozen=True)
class NetworkKind:
    """A network, and how it is trained unless one says otherwise."""

    network: type[GenreNetwork]
    seconds: float
    learning_rate: float
    weight_decay: float


NETWORKS = {
    "CNN": NetworkKind(CNN, LENGTHS["CNN"], 5e-3, 5e-4),
    "VGGish": NetworkKind(VGGish, LENGTHS["CNN"], 4e-5, 5e-5),
    "CNN2": NetworkKind(CNN2, LENGTHS["VGG"], 1e-3, 5e-4),
}


def n_samples(seconds: float) -> int:
    """Samples at 22050 Hz, the fraction cut off: 641 655 for 29.1 s, 87 318 for 3.96 s."""
    return int(FRONT_END.sample_rate * seconds)


def create_network(kind: str, n_genres: int, *, length: int, adaptive: bool = False) -> GenreNetwork:
    """A network with random weights, for sounds of a length.

    Parameters
    ----------
    length
        in samples.
    adaptive
        its last pool takes all that is left.

    Raises
    ------
    UserError
        where the network cannot hear sounds of this length.
    """
    network = NETWORKS[kind].network(n_genres, adaptive=adaptive)
    n_frames = FRONT_END.n_frames(length)
    if n_frames not in network.frames:
        rate = FRONT_END.frame_rate
        least = network.frames.start / rate
        bounds = f"from {least:.1f} s up" if adaptive else f"from {least:.1f} to {network.frames.stop / rate:.1f} s"
        remedy = "give another --audio-length" if adaptive else "give another --audio-length, or --adaptive"
        raise UserError(f"{kind} hears sounds {bounds}, and not {length / FRONT_END.sample_rate:.2f} s: {remedy}")
    return network
