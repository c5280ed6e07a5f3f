"""Beats of a sound, as librosa's tracker finds them.

D. P. W. Ellis, "Beat tracking by dynamic programming", J. New Music Research 36, 2007. The numbers are those of
`librosa.beat`, whose import compiles for two seconds in each process: a fifth of what an explanation may take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["find_beats"]

HOP = 512
TIGHTNESS = 100
"""How much it costs to leave the tempo."""
QUIET = 0.01
"""Of the strongest onset: beats begin with the first that is stronger."""


def find_beats(sound: NDArray[np.float32], sample_rate: int) -> NDArray[np.int64]:
    """Where the beats are, in samples; none where nothing begins.

    Parameters
    ----------
    sound : (n_samples,)
    sample_rate
        Hz
    """
    import librosa

    onsets = librosa.onset.onset_strength(y=sound, sr=sample_rate, hop_length=HOP, aggregate=np.median)
    if not onsets.any():
        return np.empty(0, np.int64)
    tempo = librosa.feature.tempo(onset_envelope=onsets, sr=sample_rate, hop_length=HOP)[0]
    period = round(60 * sample_rate / HOP / tempo)
    strengths = _smoothed(onsets, period)
    before, totals = _chain(strengths, period)
    beats = _follow(before, _last(totals))
    return HOP * _without_weak_ends(beats, strengths)


def _smoothed(onsets: NDArray[np.floating], period: int) -> NDArray[np.float64]:
    """Onsets in units of their deviation, under a window that is narrow beside the period."""
    window = np.exp(-0.5 * (np.arange(-period, period + 1) * 32 / period) ** 2)
    whole = np.convolve(onsets / (onsets.std(ddof=1) + np.finfo(onsets.dtype).tiny), window)
    return whole[period : period + len(onsets)]


def _chain(strengths: NDArray[np.float64], period: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best beat before each frame, −1 for none, and the strength of the best chain of beats up to there."""
    distances = np.arange(round(period / 2), 2 * period + 1)
    costs = TIGHTNESS * np.log(distances / period) ** 2
    before = np.full(len(strengths), -1)
    totals = strengths.copy()
    has_begun = False
    for frame, strength in enumerate(strengths):
        n = np.searchsorted(distances, frame, side="right")  # those that lie in the sound
        if n:
            scores = totals[frame - distances[:n]] - costs[:n]
            best = int(scores.argmax())
            totals[frame] += scores[best]
        has_begun = has_begun or strength >= QUIET * strengths.max()
        if n and has_begun:
            before[frame] = frame - distances[best]
    return before, totals


def _last(totals: NDArray[np.float64]) -> int:
    """The last peak that is half as high as the median one."""
    padded = np.pad(totals, 1, mode="edge")
    peaks = np.flatnonzero((totals > padded[:-2]) & (totals >= padded[2:]))
    high = peaks[totals[peaks] >= 0.5 * np.median(totals[peaks])] if len(peaks) else []
    return int(high[-1]) if len(high) else len(totals) - 1


def _follow(before: NDArray[np.int64], last: int) -> NDArray[np.int64]:
    """The chain that ends with a beat, in order."""
    chain = []
    while last >= 0:
        chain.append(last)
        last = before[last]
    return np.array(chain[::-1])


def _without_weak_ends(beats: NDArray[np.int64], strengths: NDArray[np.float64]) -> NDArray[np.int64]:
    """Beats without those that begin or end with hardly an onset."""
    smooth = np.convolve(strengths[beats], np.hanning(5))[2:]
    strong = np.flatnonzero(strengths > 0.5 * np.sqrt(np.mean(smooth**2)))
    return beats[(beats >= strong[0]) & (beats <= strong[-1])] if len(strong) else beats
