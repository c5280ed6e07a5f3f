"""A recording in pieces of one length, as networks want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from audiokit.sound.audio import Recording

__all__ = ["piece_starts", "pieces"]


def piece_starts(n_samples: int, *, length: int, hop: int) -> NDArray[np.int64]:
    """First samples of pieces every `hop` samples, and of one that ends with the recording where these leave a rest.

    What is shorter than a piece is one piece, continued with silence.
    """
    starts = np.arange(0, max(1, n_samples - length + 1), hop, dtype=np.int64)
    if n_samples > length and starts[-1] + length < n_samples:
        starts = np.append(starts, n_samples - length)
    return starts


def pieces(
    recording: Recording, *, length: int, hop: int, at_once: int = 16, context: int = 0, normalise: bool = True
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float32]]]:
    """Pieces of a recording, some at a time, so that memory does not grow with its length.

    Parameters
    ----------
    length, hop
        in samples.
    at_once
        pieces that are given together.
    context
        samples before and after each piece that come with it; silence beyond the ends of the recording.
    normalise
        divide by the peak of the whole recording.

    Yields
    ------
    (n, 2), (n, context + length + context)
        begin and end of each piece in s, and its samples.
    """
    starts = piece_starts(recording.n_samples, length=length, hop=hop)
    for first in range(0, len(starts), at_once):
        chosen = starts[first : first + at_once]
        begin, end = int(chosen[0]) - context, int(chosen[-1]) + length + context
        before = max(0, -begin)
        samples = np.pad(recording.read(begin + before, end, normalise=normalise), (before, 0))
        ends = np.minimum(chosen + length, recording.n_samples)
        times = np.stack([chosen, ends], axis=1) / recording.sample_rate
        yield times, np.stack([samples[start - chosen[0] :][: length + 2 * context] for start in chosen])
