"""Clips of levels with what was heard in each second, in the ways in which other meters would have kept them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.bands.completing import complete
from spectral_transcoder.sensor.bands.weighting import weights
from spectral_transcoder.sensor.hearing.predictor import BLOCK_SECONDS
from spectral_transcoder.sensor.levels.offset import calibrate
from spectral_transcoder.sensor.levels.overall import overall_levels
from spectral_transcoder.sensor.times.resampling import Resampler
from spectral_transcoder.third_octave import FAST, N_BANDS, SLOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.hearing.predictor import Predictor

__all__ = ["GROUPS", "WAYS", "Clips", "blocks_of_clips", "clip_scores", "durations", "read_clips"]

GROUPS = ("traffic", "voice", "birds")
"""In the order of the file."""

LOUD_PERCENTILE = 99
BANDS_OF_A_METER = range(8, 28)
"""125 Hz to 10 kHz."""


@dataclass(frozen=True)
class Clips:
    """Levels in dB, and what was heard."""

    fast: NDArray[np.float32]
    """(n_clips, n_frames, 29), every 125 ms."""

    slow: NDArray[np.float32]
    """(n_clips, n_seconds, 29), every second."""

    seconds: NDArray[np.integer]
    """(n_clips, n_seconds, 3), 0 or 1: which of `GROUPS` was there."""

    shares: NDArray[np.float64]
    """(n_clips, 3), the time of presence as annotated for the clip."""


def read_clips(path: Path) -> Clips:
    """Read a file of clips.

    Raises
    ------
    UserError
        where it cannot be read, or lacks an array.
    """
    try:
        with np.load(path) as file:
            names = ("fast_125ms", "slow_1s", "presence_per_second", "time_of_presence")
            clips = Clips(*(file[name] for name in names))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path} is no file of clips ({error}): see --help for its arrays") from error
    if clips.fast.shape[2] != N_BANDS or clips.seconds.shape[2] != len(GROUPS):
        raise UserError(f"{path}: {N_BANDS} bands and {len(GROUPS)} groups are needed")
    return clips


def _fast(clips: Clips) -> tuple[NDArray[np.float32], float]:
    return clips.fast, FAST.hop_seconds


def _slow(clips: Clips) -> tuple[NDArray[np.float32], float]:
    return clips.slow, SLOW.hop_seconds


def _twenty_bands(clips: Clips) -> tuple[NDArray[np.float32], float]:
    there = list(BANDS_OF_A_METER)
    return np.stack([complete(clip[:, there], there) for clip in clips.fast]), FAST.hop_seconds


def _a_weighted(clips: Clips) -> tuple[NDArray[np.float32], float]:
    """A-weighted, to the tenth of a dB, and undone."""
    weighted = (clips.fast + weights("A")).round(1)
    return (weighted - weights("A")).astype(np.float32), FAST.hop_seconds


def _by_energy(clips: Clips, n_joined: int, n_divided: int) -> tuple[NDArray[np.float32], float]:
    """Frames of `n_joined` / `n_divided` times 125 ms, brought back to 125 ms as the reading of files does."""
    cadence = FAST.hop_seconds * n_joined / n_divided
    n_frames = clips.fast.shape[1] // n_joined * n_joined
    energy = 10 ** (clips.fast[:, :n_frames].astype(np.float64) / 10)
    joined = energy.reshape(len(energy), -1, n_joined, N_BANDS).mean(axis=2).repeat(n_divided, axis=1)
    times = cadence * np.arange(joined.shape[1])
    made = [Resampler(cadence, FAST.hop_seconds).add(10 * np.log10(clip), times)[0] for clip in joined]
    return np.stack(made), FAST.hop_seconds


WAYS = {
    "125 ms": _fast,
    "20 bands": _twenty_bands,
    "A-weighted": _a_weighted,
    "62.5 ms": lambda clips: _by_energy(clips, 1, 2),
    "250 ms": lambda clips: _by_energy(clips, 2, 1),
    "1 s": _slow,
}
"""Name → levels, (n_clips, n_frames, 29), and seconds from one frame to the next."""


def durations(n_seconds: int, block_seconds: int) -> NDArray[np.integer]:
    """Seconds of each block of a clip; the last may be short."""
    starts = np.arange(0, n_seconds, block_seconds)
    return np.minimum(block_seconds, n_seconds - starts)


def blocks_of_clips(clips: Clips) -> tuple[NDArray[np.float64], NDArray[np.integer]]:
    """Shares of the seconds of blocks with each source, (n_clips, n_blocks, 3), and how many seconds these are."""
    seconds = durations(clips.seconds.shape[1], BLOCK_SECONDS)
    starts = np.cumsum(seconds) - seconds
    return np.add.reduceat(clips.seconds, starts, axis=1) / seconds[:, None], seconds


def clip_scores(
    predictor: Predictor, members: Sequence[NDArray[np.integer]], levels: NDArray[np.float32], hop_seconds: float
) -> NDArray[np.float64]:
    """Scores of groups in each block of each clip, as `predict_third_octave.py --auto_offset` has them.

    Returns
    -------
    (n_clips, n_blocks, n_groups)
    """
    offset = -float(np.percentile(overall_levels(levels), LOUD_PERCENTILE))
    per_second = round(1 / hop_seconds)
    length = predictor.block_seconds
    n_seconds = levels.shape[1] // per_second
    n_blocks = -(-n_seconds // length)
    scores = []
    for clip in levels:
        seconds = np.full((n_blocks * length, per_second, N_BANDS), np.nan, np.float32)
        seconds[:n_seconds] = calibrate(clip[: n_seconds * per_second].reshape(n_seconds, per_second, N_BANDS), offset)
        scores.append(predictor.scores_of_blocks(seconds.reshape(n_blocks, length, per_second, N_BANDS)))
    return np.stack([np.stack(scores)[:, :, labels].max(axis=2) for labels in members], axis=2)
