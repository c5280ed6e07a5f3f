"""Scores of blocks of levels, whether these are in memory or in a file of any length."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from spectral_transcoder.sensor.hearing.listener import FRAMES_PER_SECOND, Listener
from spectral_transcoder.sensor.hearing.scored import Scored
from spectral_transcoder.sensor.hearing.windows import mean_over_windows, whole_seconds
from spectral_transcoder.sensor.levels.blocks import divide
from spectral_transcoder.sensor.levels.offset import DEFAULT_OFFSET_DB, calibrate
from spectral_transcoder.sensor.levels.overall import LevelHistogram, mean_levels, overall_levels
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.times.clock import as_column
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from spectral_transcoder.sensor.hearing.kept_scores import KeptScores
    from spectral_transcoder.sensor.levels.blocks import Blocks
    from spectral_transcoder.sensor.levels.sources import LevelSource, Reading

__all__ = ["BLOCK_SECONDS", "Predictor"]

BLOCK_SECONDS = 10

LEAST_COVERAGE = 0.5
"""Share of a block's seconds that must be there for it to have scores."""


@dataclass(frozen=True)
class Predictor(Listener):
    """A listener that scores blocks.

    Parameters
    ----------
    block_seconds
        of a row of scores, whole seconds.
    """

    block_seconds: int = BLOCK_SECONDS
    notes: tuple[str, ...] = ()
    """What could not be had, a line each."""

    def score(
        self,
        source: LevelSource,
        *,
        db_offset: float,
        quality: Quality | None = None,
        histogram: LevelHistogram | None = None,
        kept: KeptScores | None = None,
        seconds_held: int | None = None,
    ) -> Iterator[Scored]:
        """Score the blocks of a source, some after the other; what is in memory does not depend on its length.

        Parameters
        ----------
        db_offset
            added to the levels to make them dB re full scale.
        quality, histogram
            to be filled with what is found on the way.
        kept
            where scores are kept, and taken from where they are there.
        seconds_held
            gathered before they are computed; by default so many that it is quick.

        Raises
        ------
        UserError
            where the levels cannot be used.
        """
        size = self.block_seconds * round(1 / source.hop_seconds)
        quality = Quality() if quality is None else quality
        held: list[Blocks] = []
        seconds_held = seconds_held or self.seconds_held
        of_a_part = max(1, seconds_held // self.block_seconds)
        for blocks in chain.from_iterable(
            whole.parts(of_a_part) for whole in divide(source, frames_per_block=size, quality=quality)
        ):
            held.append(blocks)
            if sum(len(blocks.times) for blocks in held) * self.block_seconds >= seconds_held:
                yield self._score_held(source, held, db_offset, histogram, kept)
                held = []
        if held:
            yield self._score_held(source, held, db_offset, histogram, kept)

    def table(
        self, path: str | Path, *, db_offset: float = DEFAULT_OFFSET_DB, reading: Reading | None = None
    ) -> pd.DataFrame:
        """Scores of a file as a table: a row for each block, named by its time, and a column for each label.

        Where the file is of several sensors, rows are named by these and by their times.

        Parameters
        ----------
        path
            as `open_levels` takes it.
        db_offset
            added to the levels to make them dB re full scale.
        reading
            how to read the file, where it does not tell itself.

        Raises
        ------
        UserError
            where the file cannot be used.
        """
        import pandas as pd

        source = open_levels(path, reading)
        parts, sensors = [], []
        for scored in self.score(source, db_offset=db_offset):
            index = as_column(scored.times, source.clock)
            parts.append(pd.DataFrame(scored.scores, index=index, columns=self.labels))
            sensors += [source.sensor_of(number) for number in scored.chunks.tolist()]
        table = (pd.concat(parts) if parts else pd.DataFrame(columns=self.labels)).rename_axis(index="time")
        if not source.series_names:
            return table
        return table.set_index(pd.Index(sensors, name="sensor"), append=True).swaplevel()

    def score_levels(
        self, levels: NDArray[np.floating], *, db_offset: float = DEFAULT_OFFSET_DB
    ) -> NDArray[np.float32]:
        """Scores of successive blocks of fast levels that are in memory.

        Parameters
        ----------
        levels : (n_frames, 29)
            in dB, a frame every 125 ms; what is left over below a second is dropped.
        db_offset
            added to the levels to make them dB re full scale.

        Returns
        -------
        (n_blocks, n_labels)

        Raises
        ------
        UserError
            for another shape.
        """
        if np.ndim(levels) != 2 or np.shape(levels)[1] != N_BANDS:
            raise UserError(f"levels are (n_frames, {N_BANDS}), and not {np.shape(levels)}")
        n_seconds = len(levels) // FRAMES_PER_SECOND
        seconds = np.asarray(levels, np.float32)[: n_seconds * FRAMES_PER_SECOND]
        n_blocks = -(-n_seconds // self.block_seconds)
        missing = (n_blocks * self.block_seconds - n_seconds) * FRAMES_PER_SECOND
        seconds = np.pad(seconds, ((0, missing), (0, 0)), constant_values=np.nan)
        return self.scores_of_blocks(
            calibrate(seconds, db_offset).reshape(n_blocks, self.block_seconds, FRAMES_PER_SECOND, N_BANDS)
        )

    def scores_of_blocks(self, seconds: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of blocks from their whole seconds.

        Parameters
        ----------
        seconds : (n_blocks, block_seconds, n_frames, 29)
            on the transcoders' scale; NaN in gaps.

        Returns
        -------
        (n_blocks, n_labels)
        """
        return mean_over_windows(seconds, self.window_scores, n_labels=len(self.labels))

    def _score_held(
        self,
        source: LevelSource,
        held: list[Blocks],
        db_offset: float,
        histogram: LevelHistogram | None,
        kept: KeptScores | None,
    ) -> Scored:
        levels = np.concatenate([blocks.levels for blocks in held])
        extents = np.concatenate([blocks.extents for blocks in held])
        frames_per_second = round(1 / source.hop_seconds)
        measured = _measured_bands(source, held)
        overall = overall_levels(levels, None if measured is None else measured[:, None])
        if histogram is not None:
            histogram.add(overall)
        seconds = levels.reshape(len(levels), self.block_seconds, frames_per_second, N_BANDS)
        calibrated = calibrate(seconds, db_offset)
        scores = kept.scores(calibrated, self.scores_of_blocks) if kept else self.scores_of_blocks(calibrated)
        n_whole = whole_seconds(calibrated).sum(axis=1)
        scores[n_whole < np.maximum(1, LEAST_COVERAGE * (extents // frames_per_second))] = np.nan
        # What a series has behind its last whole second makes no row of its own.
        told = extents >= frames_per_second
        return Scored(
            times=np.concatenate([blocks.times for blocks in held])[told],
            chunks=np.concatenate([np.full(len(blocks.times), blocks.series) for blocks in held])[told],
            seconds=n_whole[told],
            levels=mean_levels(overall)[told],
            scores=scores[told],
            bands=levels[told],
            measured=None if measured is None else measured[told],
        )


def _measured_bands(source: LevelSource, held: list[Blocks]) -> NDArray[np.bool_] | None:
    """Which bands of each block were measured, or lie between such, (n, 29); None: all of all."""
    ranges = [source.measured_bands(blocks.series) for blocks in held]
    if all(len(range(N_BANDS)[bands]) == N_BANDS for bands in ranges):
        return None
    measured = [np.zeros((len(blocks.times), N_BANDS), bool) for blocks in held]
    for rows, bands in zip(measured, ranges, strict=True):
        rows[:, bands] = True
    return np.concatenate(measured)
