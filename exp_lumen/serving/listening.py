"""Recordings of any request, heard a few at a time."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.sound.audio import Recording
from audiokit.storage.worker_start import available_cores
from exp_lumen.evaluation.answering import piece_scores

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_lumen.evaluation.model_file import Model

__all__ = ["Ear"]


class Ear:
    """Listens to recordings for all requests: as many at once as there are cores, the others wait.

    Parameters
    ----------
    longest_seconds
        of a recording; a longer one is refused before the network hears it.
    batch_size
        pieces that the network hears at once.
    """

    def __init__(self, *, longest_seconds: float, batch_size: int = 8) -> None:
        self.longest_seconds = longest_seconds
        self.batch_size = batch_size
        self._turns = BoundedSemaphore(available_cores())

    def __call__(self, model: Model, path: Path) -> NDArray:
        """Scores of the pieces of a recording, (n_pieces, 11).

        Raises
        ------
        UserError
            where it cannot be used.
        """
        with self._turns:
            recording = Recording(path, sample_rate=model.network.spec.sample_rate)
            if recording.seconds > self.longest_seconds:
                raise UserError(
                    f"{path} lasts {recording.seconds:.0f} s, and {self.longest_seconds:.0f} s are heard: cut it"
                )
            recording.log_notes()
            return piece_scores(model.network, recording.read(), batch_size=self.batch_size)
