"""What a model says of recordings, piece by piece and as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.sound.audio import load
from exp_lumen.data.pieces import cut
from exp_lumen.evaluation.aggregation import by_recording
from exp_lumen.instruments import CODES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_lumen.evaluation.model_file import Model
    from exp_lumen.networks.network import InstrumentNetwork

__all__ = ["Answers", "answer", "answer_as_json", "piece_scores", "scores_of"]


@dataclass(frozen=True)
class Answers:
    """Scores of recordings that could be read, and why others could not."""

    paths: list[Path]
    n_pieces: NDArray[np.int64]
    """(n_recordings,)"""
    scores: NDArray[np.float32]
    """(n_pieces_in_all, 11) in [0, 1], those of a recording one after the other."""
    unreadable: dict[Path, str]

    def of_recordings(self, how: str) -> NDArray[np.float64]:
        """(n_recordings, 11), put together as `aggregation.AGGREGATIONS` says."""
        return by_recording(self.scores, self.n_pieces, how)


@torch.inference_mode()
def scores_of(network: InstrumentNetwork, pieces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores of pieces, (n, n_samples) at the network's rate → (n, 11) in [0, 1].

    In silence nothing plays. Networks have never heard it, and say anything.
    """
    device = next(network.parameters()).device
    loud = np.abs(pieces).max(axis=1) >= np.finfo(np.float32).tiny
    scores = np.zeros((len(pieces), len(CODES)), np.float32)
    if loud.any():
        scores[loud] = network(torch.from_numpy(pieces[loud]).to(device)).sigmoid().cpu().numpy()
    return scores


def piece_scores(network: InstrumentNetwork, sound: NDArray[np.float32], *, batch_size: int = 8) -> NDArray[np.float32]:
    """Scores of the pieces of a sound that is divided by its peak, (n_pieces, 11)."""
    pieces = cut(sound, network.spec.piece_samples)
    starts = range(0, len(pieces), batch_size)
    return np.concatenate([scores_of(network, pieces[start : start + batch_size]) for start in starts])


def answer(model: Model, paths: Sequence[Path], *, batch_size: int = 8, progress: bool = True) -> Answers:
    """Listen to recordings, as training prepares them.

    Raises
    ------
    UserError
        where none can be read.
    """
    found: list[NDArray[np.float32]] = []
    readable: list[Path] = []
    unreadable: dict[Path, str] = {}
    for path in tqdm(paths, unit="recording", disable=None if progress else True):
        try:
            sound = load(path, sample_rate=model.network.spec.sample_rate)
        except UserError as error:
            unreadable[path] = str(error)
            continue
        found.append(piece_scores(model.network, sound, batch_size=batch_size))
        readable.append(path)
    if not readable:
        reason = next(iter(unreadable.values()), "there are none")
        raise UserError(f"none of {len(paths)} recordings can be read ({reason})")
    n_pieces = np.array([len(scores) for scores in found])
    return Answers(readable, n_pieces, np.concatenate(found), unreadable)


def answer_as_json(scores: NDArray[np.floating], thresholds: NDArray[np.floating]) -> dict[str, int]:
    """The competition's answer for a recording: code → 1 where an instrument plays, else 0.

    Parameters
    ----------
    scores, thresholds : (11,)
    """
    return {code: int(decided) for code, decided in zip(CODES, scores >= thresholds, strict=True)}
