"""What squeeze and excitation do: how much of each channel is let through, by label and depth.

As in the predecessor (Kim, Lee and Nam, ICASSP 2018): means over the segments of each clip, then over the clips that
have a label.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.errors import UserError
from exp_samplecnn.data.sources import SEGMENT, segments_in_order
from exp_samplecnn.evaluation.scores import clip_means

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from exp_samplecnn.data.segment_store import SegmentStore
    from exp_samplecnn.data.standardisation import Standardisation
    from exp_samplecnn.networks.network import SampleCNN

__all__ = ["clip_excitations", "label_means", "spread_over_labels"]


@torch.inference_mode()
def clip_excitations(
    network: SampleCNN,
    store: SegmentStore,
    split: str,
    *,
    standardisation: Standardisation,
    batch_size: int = 23,
    device: str | torch.device = "cpu",
) -> list[NDArray[np.float64]]:
    """Excitations of all clips of a split, in the order of the store.

    Returns
    -------
    list
        for each block (n_clips, n_channels) in [0, 1].

    Raises
    ------
    UserError
        where the network has no excitation.
    """
    from tqdm import tqdm

    network = network.to(device).eval()
    rows = store.rows_of(split)
    source = segments_in_order(store, standardisation, rows, batch_size)
    batches = []
    with watched(network) as heard:
        for batch in tqdm(source.batches(0), total=len(source), desc=split, unit="batch", disable=None, leave=False):
            heard.clear()
            network(batch[SEGMENT].to(device))
            batches.append([excitation.cpu().numpy() for excitation in heard])
    clips, clip_of_segment = store.clips_of(split), store.clip_of_row[rows]
    blocks = [np.concatenate(block) for block in zip(*batches, strict=True)]
    return [clip_means(excitations, clip_of_segment, clips) for excitations in blocks]


@contextmanager
def watched(network: SampleCNN) -> Iterator[list[torch.Tensor]]:
    """What the blocks' excitations give while a network runs, (batch, n_channels) for each block, in their order."""
    heard: list[torch.Tensor] = []
    blocks = [network.get_submodule(f"block{index}") for index in range(network.n_blocks)]
    if not all(block.excited for block in blocks):
        raise UserError("this network has no excitation: name a model with the block se, rese1 or rese2")
    hooks = [block.ex1.register_forward_hook(lambda _, __, logits: heard.append(logits.sigmoid())) for block in blocks]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


def label_means(excitations: NDArray[np.floating], targets: NDArray[np.integer]) -> NDArray[np.float64]:
    """Means over the clips that have a label, (n_labels, n_channels); NaN for labels without a clip.

    Parameters
    ----------
    excitations : (n_clips, n_channels)
    targets : (n_clips, n_labels)
    """
    counts = targets.sum(axis=0, dtype=float)[:, None]
    with np.errstate(invalid="ignore"):
        return targets.T.astype(float) @ excitations / counts


def spread_over_labels(means: NDArray[np.floating]) -> float:
    """How differently labels excite: standard deviation over labels, mean over channels.

    Parameters
    ----------
    means : (n_labels, n_channels)
    """
    known = means[~np.isnan(means).any(axis=1)]
    return float(known.std(axis=0).mean())
