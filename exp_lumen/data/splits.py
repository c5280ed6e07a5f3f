"""Which clips are trained on: fractions, splits by song, leaks between splits, and how often each is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from exp_lumen.data.clips import LabelledClip

__all__ = ["by_song", "fraction_of", "leaks", "sampling_weights"]


def by_song(
    clips: Sequence[LabelledClip], *, share: float, seed: int = 0
) -> tuple[list[LabelledClip], list[LabelledClip]]:
    """Split clips so that no song is on both sides; the first side has about `share` of the clips, and one at least.

    Raises
    ------
    UserError
        where all are of one song.
    """
    songs = sorted({clip.song for clip in clips})
    if len(songs) < 2:
        raise UserError(f"{len(clips)} clips of {len(songs)} song cannot be split: give a validation set")
    order = np.random.default_rng(seed).permutation(len(songs))
    sizes = np.array([sum(clip.song == songs[index] for clip in clips) for index in order])
    n_songs = int(np.clip(np.searchsorted(np.cumsum(sizes), share * len(clips)) + 1, 1, len(songs) - 1))
    first = {songs[index] for index in order[:n_songs]}
    return [clip for clip in clips if clip.song in first], [clip for clip in clips if clip.song not in first]


def fraction_of(clips: Sequence[LabelledClip], fraction: float, *, seed: int = 0) -> list[LabelledClip]:
    """A random share of clips, in their order; all of them for 1, and one at least.

    Raises
    ------
    UserError
        for a fraction outside ]0, 1].
    """
    if not 0 < fraction <= 1:
        raise UserError(f"a fraction of {fraction} cannot be taken: give one above 0 and up to 1")
    n_wanted = max(1, round(fraction * len(clips)))
    chosen = np.sort(np.random.default_rng(seed).choice(len(clips), n_wanted, replace=False))
    return [clips[index] for index in chosen]


def leaks(splits: Mapping[str, Sequence[LabelledClip]]) -> list[str]:
    """What several splits have in common, recordings or songs, in words; nothing where they keep apart."""
    found = []
    names = list(splits)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            for what, key in (("recordings", _place), ("songs", _song)):
                common = {key(clip) for clip in splits[first]} & {key(clip) for clip in splits[second]}
                if common:
                    found.append(f"{first} and {second} share {len(common)} {what}, such as {min(common)}")
                    break
    return found


def sampling_weights(labels: NDArray[np.floating], known: NDArray[np.floating]) -> NDArray[np.float64]:
    """How often clips are drawn, so that rare instruments are heard more: 1 by the count of the rarest of each clip.

    Parameters
    ----------
    labels, known : (n_clips, 11)

    Returns
    -------
    (n_clips,), mean 1; of a clip without instruments, that of the most frequent one.
    """
    present = labels * known
    counts = present.sum(axis=0)
    weights = np.where(present > 0, 1 / np.maximum(counts, 1), 0).max(axis=1)
    weights = np.where(weights > 0, weights, 1 / max(1, counts.max(initial=0)))
    return weights / weights.mean()


def _place(clip: LabelledClip) -> str:
    return str(clip.path.resolve())


def _song(clip: LabelledClip) -> str:
    return clip.song
