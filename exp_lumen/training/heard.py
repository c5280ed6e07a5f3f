"""What a frozen backbone hears: once for all epochs, where nothing changes the sound between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from tqdm import tqdm

from audiokit.learning.batches import memory_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.learning.batches import Source
    from audiokit.learning.streaming import Streamed
    from exp_lumen.networks.network import InstrumentNetwork

__all__ = ["heard_sources", "hears_the_same"]


def hears_the_same(network: InstrumentNetwork) -> bool:
    """Whether the backbone gives a vector for a sound, and the same in each epoch."""
    augments = getattr(network.front, "augment", None) is not None
    gives_vectors = network.spec.head == "deep" and network.spec.model != "MOBNET"
    return network.frozen and not network.trains_normalisation and not augments and gives_vectors


def heard_sources(
    network: InstrumentNetwork, rows: Mapping[str, Streamed], *, seed: int, device: str
) -> dict[str, Source]:
    """Sources of what the backbone hears, under the name `sound`: what the head alone takes.

    Parameters
    ----------
    rows
        split → batches of `sound`, `targets` and `known`.
    """
    splits = {name: _heard(network, source, name, device) for name, source in rows.items()}
    batch_size = rows["train"].batch_size
    options = {"weights": rows["train"].weights, "drop_last": rows["train"].drop_last}
    return memory_sources(splits, batch_size, seed=seed, device=device, **options)


@torch.no_grad()
def _heard(network: InstrumentNetwork, source: Streamed, name: str, device: str) -> dict[str, torch.Tensor]:
    """All rows in their order."""
    network.eval().to(device)
    found: dict[str, list[torch.Tensor]] = {}
    for batch in tqdm(source.in_order(), total=len(source), desc=f"listening to {name}", unit="batch", disable=None):
        heard = network.backbone(network.front(batch["sound"].to(device))).cpu()
        for key, tensor in {**batch, "sound": heard}.items():
            found.setdefault(key, []).append(tensor)
    return {key: torch.cat(tensors) for key, tensors in found.items()}
