"""What taggers hear, alone and beside the teacher who listens through a transcoder.

Both err, and not in the same seconds: the mean of their logits is nearer to the teacher than either. How much the
tagger counts in it, its settings file says (`share`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.learning.inference import quicken
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch

    from spectral_transcoder.transcoders.store import StoredTranscoder
    from spectral_transcoder.transcoders.tagger import Cadence, Tagger

__all__ = ["LoadedTagger", "find_tagger", "load_tagger", "mean_in_logits"]

SMALLEST_SCORE = 1e-7


@dataclass(frozen=True)
class LoadedTagger:
    """A trained tagger, ready to hear."""

    network: Tagger
    share: float = 1.0
    """Of its logits in the mean; 1: it speaks alone."""

    @property
    def is_alone(self) -> bool:
        """Whether nothing needs to be transcoded."""
        return self.share == 1

    def scores_of_seconds(self, windows: torch.Tensor) -> torch.Tensor:
        """Scores of each second in the context of its window.

        Parameters
        ----------
        windows : (n_windows, n_seconds, n_frames, 29)
            levels in dB, 125 ms apart or at the network's own cadence.

        Returns
        -------
        (n_windows, n_seconds, n_labels) in [0, 1]
        """
        levels = windows.flatten(1, 2)
        if windows.shape[2] != self.network.n_frames:
            levels = self.network.at_its_cadence(levels)
        return self.network(levels).float().sigmoid()

    def scores(self, windows: torch.Tensor) -> torch.Tensor:
        """Mean scores of windows, as above: (n_windows, n_labels)."""
        return self.scores_of_seconds(windows).mean(dim=1)

    def joined(self, own: torch.Tensor, transcoded: torch.Tensor) -> torch.Tensor:
        """Its own scores and the teacher's through a transcoder, (..., n_labels) each, as one."""
        return mean_in_logits(own, transcoded, self.share)


def mean_in_logits(scores: torch.Tensor, others: torch.Tensor, share: float) -> torch.Tensor:
    """Weighted mean of two scores before the sigmoid, (..., n_labels) in [0, 1] each.

    Parameters
    ----------
    share
        of the first, in [0, 1].
    """
    first, second = (values.float().logit(eps=SMALLEST_SCORE) for values in (scores, others))
    return (share * first + (1 - share) * second).sigmoid()


def find_tagger(teacher: str, cadence: Cadence, folders: Sequence[Path]) -> StoredTranscoder | None:
    """The trained tagger for a teacher at a cadence, the first that is there."""
    found = find_transcoders(teacher, folders).values()
    return next((stored for stored in found if stored.settings.cadence == cadence), None)


def load_tagger(stored: StoredTranscoder, device: torch.device | str = "cpu") -> LoadedTagger:
    """Load what `find_tagger` has found.

    Raises
    ------
    UserError
        where the weights are damaged or not those of this network.
    """
    share = stored.settings.share
    network = load_transcoder(stored).to(device)
    quicken(network)
    return LoadedTagger(network, 1.0 if share is None else float(share))
