"""What taggers hear, alone and beside the teacher who listens through a transcoder.

Both err, and not in the same seconds: together they are nearer to the teacher than either. How much the tagger counts,
its settings file says (`share`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.learning.inference import quicken
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    import torch

    from spectral_transcoder.transcoders.store import StoredTranscoder
    from spectral_transcoder.transcoders.tagger import Cadence, Tagger

__all__ = [
    "BESIDE_TAGGER",
    "FOR_SENSORS",
    "LoadedTagger",
    "beside_tagger_in_clips",
    "beside_tagger_in_sensors",
    "find_tagger",
    "join_scores",
    "load_tagger",
]

BESIDE_TAGGER = "tcn"
"""The transcoder whose scores are joined with a tagger's, and beside which taggers are trained."""

FOR_CLIPS, FOR_SENSORS = "tcn_clips", "tcn_sensors"
"""Those for recordings of single sounds and for levels of sensors, which take its place there."""

SMALLEST_SCORE = 1e-7
STEPS = 6
LONGEST_STEP = 4.0
"""In logits."""


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
        # ONNX Runtime's sigmoid is off by 1e-7, which is much to the logarithm of what is next to nothing.
        return 1 / (1 + (-self.network(levels).float()).exp())

    def scores(self, windows: torch.Tensor) -> torch.Tensor:
        """Mean scores of windows, as above: (n_windows, n_labels)."""
        return self.scores_of_seconds(windows).mean(dim=1)

    def joined(self, own: torch.Tensor, transcoded: torch.Tensor) -> torch.Tensor:
        """Its own scores and the teacher's through a transcoder, (..., n_labels) each, as one."""
        return join_scores(own, transcoded, self.share)


def join_scores(scores: torch.Tensor, others: torch.Tensor, share: float) -> torch.Tensor:
    """Two scores as one, (..., n_labels) in [0, 1] each: in the order of one mean, and as much in all as another.

    The weighted mean of the logits tells best which label is the likelier one. But where only one of two hears a label,
    it is near to nothing, so that it is too low in all. The weighted mean of the scores themselves is not: its sum over
    the labels is what the logits' mean is raised to, all labels by the same amount.

    Parameters
    ----------
    share
        of the first, in [0, 1].
    """
    first, second = (values.float().logit(eps=SMALLEST_SCORE) for values in (scores, others))
    logits = share * first + (1 - share) * second
    wanted = (share * first.sigmoid() + (1 - share) * second.sigmoid()).sum(dim=-1, keepdim=True).log()
    # Newton's method on the logarithm of the sum, which is nearly linear where scores are low, as nearly all are.
    for _ in range(STEPS):
        given = logits.sigmoid()
        total = given.sum(dim=-1, keepdim=True)
        step = (wanted - total.log()) * total / (given * (1 - given)).sum(dim=-1, keepdim=True)
        logits = logits + step.clamp(-LONGEST_STEP, LONGEST_STEP)
    return logits.sigmoid()


def beside_tagger_in_clips(names: Collection[str]) -> str:
    """Of the transcoders that are here, the one whose scores of recordings are joined with a tagger's."""
    return FOR_CLIPS if FOR_CLIPS in names else BESIDE_TAGGER


def beside_tagger_in_sensors(names: Collection[str]) -> str:
    """Of the transcoders that are here, the one whose scores of sensors' levels are joined with a tagger's."""
    return FOR_SENSORS if FOR_SENSORS in names else BESIDE_TAGGER


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
