"""Scores of clips: means over their segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.labels.groups import group_means
from exp_samplecnn.data.sources import SEGMENT, segments_in_order

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from exp_samplecnn.data.segment_store import SegmentStore
    from exp_samplecnn.data.standardisation import Standardisation

__all__ = ["clip_means", "clip_scores", "probabilities"]


@torch.inference_mode()
def clip_scores(
    network: nn.Module,
    store: SegmentStore,
    split: str,
    *,
    standardisation: Standardisation,
    batch_size: int = 23,
    device: str | torch.device = "cpu",
) -> NDArray[np.float64]:
    """Scores of all clips of a split, in the order of the store.

    Returns
    -------
    (n_clips, n_labels) in [0, 1]
    """
    from tqdm import tqdm

    network = network.to(device).eval()
    rows = store.rows_of(split)
    source = segments_in_order(store, standardisation, rows, batch_size)
    scores = [
        probabilities(network(batch[SEGMENT].to(device)), one_label=store.task.one_label).cpu().numpy()
        for batch in tqdm(source.batches(0), total=len(source), desc=split, unit="batch", disable=None, leave=False)
    ]
    return clip_means(np.concatenate(scores), store.clip_of_row[rows], store.clips_of(split))


def clip_means(
    scores: NDArray[np.floating], clip_of_segment: NDArray[np.integer], clips: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Means over the segments of each clip.

    Parameters
    ----------
    scores : (n_segments, n_labels)
    clip_of_segment : (n_segments,)
    clips : (n_clips,)
        in increasing order, each with a segment or more.

    Returns
    -------
    (n_clips, n_labels)
    """
    return group_means(scores, np.searchsorted(clips, clip_of_segment))


def probabilities(logits: torch.Tensor, *, one_label: bool) -> torch.Tensor:
    """(…, n_labels) logits → scores in [0, 1]."""
    return logits.float().softmax(dim=-1) if one_label else logits.float().sigmoid()
