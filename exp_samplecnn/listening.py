"""A trained SampleCNN that listens to recordings of any length (`audiokit.labels.prediction.Listener`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from exp_samplecnn.evaluation.scores import probabilities
from exp_samplecnn.tasks import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exp_samplecnn.learning.model_files import ModelSettings
    from exp_samplecnn.networks.network import SampleCNN

__all__ = ["SegmentListener"]


class SegmentListener:
    """Scores of segments, each as long as those that the network was trained on.

    Parameters
    ----------
    network
        in eval mode, on the device.
    settings
        of the network.
    hop
        seconds from one segment to the next; None: segments side by side.
    """

    context = 0
    normalise = False
    sample_rate = SAMPLE_RATE

    def __init__(
        self,
        network: SampleCNN,
        settings: ModelSettings,
        *,
        hop: float | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.network = network
        self.settings = settings
        self.device = device
        self.labels = settings.labels
        self.length = settings.task.segment_samples
        self.hop = self.length if hop is None else max(1, round(hop * SAMPLE_RATE))
        self.name = f"SampleCNN ({settings.block}{', multi' if settings.multi else ''}; {len(self.labels)} labels)"

    @torch.inference_mode()
    def __call__(self, pieces: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, segment_samples), full scale 1 → (n, n_labels) in [0, 1]."""
        sound = self.settings.standardisation(torch.from_numpy(pieces))
        logits = self.network(sound.to(self.device))
        return probabilities(logits, one_label=self.settings.task.one_label).cpu().numpy()
