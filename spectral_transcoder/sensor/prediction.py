"""Scores of blocks of third-octave levels: transcoder, then teacher, many blocks at once."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from audiokit.devices import can_mix_precision
from audiokit.errors import UserError
from audiokit.learning.inference import quicken
from audiokit.paths import ROOT
from spectral_transcoder.hearing import LoadedTagger, find_tagger, load_tagger
from spectral_transcoder.listening.generate import prepare, transcoder_folders
from spectral_transcoder.sensor.calibration import DEFAULT_OFFSET_DB, LevelHistogram, calibrate, overall_levels
from spectral_transcoder.sensor.foreground import foreground, labels_in_front
from spectral_transcoder.sensor.gaps import divide
from spectral_transcoder.sensor.quality import Quality
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.times.clock import as_column
from spectral_transcoder.third_octave import FAST, N_BANDS
from spectral_transcoder.transcoders.store import StoredTranscoder, find_transcoders
from spectral_transcoder.transcoders.tagger import frames_in_a_second
from spectral_transcoder.transcoding import transcode_levels
from teachers.registry import find_weights, module_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray
    from torch import nn

    from audiokit.sound.mel import MelFrontEnd
    from spectral_transcoder.sensor.gaps import Blocks
    from spectral_transcoder.sensor.kept_scores import KeptScores
    from spectral_transcoder.sensor.sources import LevelSource, Reading
    from teachers.registry import Teacher

__all__ = ["PREFERRED_TEACHERS", "Predictor", "Scored", "join", "load_predictor"]

PREFERRED_TEACHERS = ("mn04_as", "YamNet", "mn10_as", "PANN")
"""The first whose weights are at hand is the default: quick ones come first, for there are years to go through."""

TAGGER, BESIDE_TAGGER = "tagger", "tcn"
"""The tagger for the cadence of the levels, and the transcoder whose scores are joined with its own."""

PREFERRED_TRANSCODERS = ("tcn", "cnn_logits", "cnn_mels", "pinv")

BLOCK_SECONDS = 10
LONGEST_WINDOW = 10
"""Seconds that a teacher hears at once: what it was trained on."""

FRAMES_PER_SECOND = round(1 / FAST.hop_seconds)
LEAST_COVERAGE = 0.5
"""Share of a block's seconds that must be there for it to have scores."""

SECONDS_AT_ONCE = 40
"""That a teacher computes in one go on a CPU: what stays in its cache."""

GPU_FACTOR = 50
"""By which a GPU has more in work at once."""

SECONDS_HELD = 15 * SECONDS_AT_ONCE
"""Blocks are gathered to so many before they are computed, lest there be a few at a time."""


@dataclass(frozen=True)
class Scored:
    """Successive blocks with their scores."""

    times: NDArray[np.float64]
    """(n,), of the beginning of each, s."""

    chunks: NDArray[np.integer]
    """(n,), the number of the series that each belongs to: the chunk in an array (chunks, frames, 29), else 0."""

    seconds: NDArray[np.integer]
    """(n,), whole seconds that the scores rest on."""

    levels: NDArray[np.float64]
    """(n,), mean level of all bands together over the frames that are there (Leq), dB as in the file."""

    scores: NDArray[np.float32]
    """(n, n_labels) in [0, 1]; NaN where less than half of a block's seconds are there."""

    bands: NDArray[np.float32] = field(repr=False)
    """(n, frames_per_block, 29), the frames, dB as in the file, NaN in gaps."""


def join(chunks: torch.Tensor, front_end: MelFrontEnd) -> torch.Tensor:
    """Join transcoded seconds to the Mel spectrograms of windows, by the rule of fast-to-ears.

    Each second has as many frames as hops: what a chunk has more (PANN: 101 frames for 100 hops) is dropped, so that
    ten seconds have exactly 1000; what it has less (YamNet: 96) is filled up with zeros that no patch of YamNet's sees.

    Parameters
    ----------
    chunks : (n_windows, n_seconds, chunk_frames, n_mels)

    Returns
    -------
    (n_windows, n_seconds · frame_rate, n_mels)
    """
    n_hops = round(front_end.frame_rate)
    chunks = chunks[:, :, :n_hops]
    return functional.pad(chunks, (0, 0, 0, n_hops - chunks.shape[2])).flatten(1, 2)


@dataclass(frozen=True)
class Predictor:
    """A transcoder and a teacher, ready to score levels.

    Parameters
    ----------
    block_seconds
        of a row of scores, whole seconds.
    mixed_precision
        compute in bfloat16 where PyTorch says that it may be done: up to twice as fast on processors that have it, with
        slightly different scores (docs/performance.md).
    """

    teacher: Teacher
    transcoder: nn.Module
    transcoder_name: str
    device: torch.device
    block_seconds: int = BLOCK_SECONDS
    mixed_precision: bool = False
    foreground: bool = False
    """Whether voices and birds are scored by what stands out of the background of their block."""

    transcoders: Mapping[str, nn.Module] = field(default_factory=dict)
    """All that are at hand, by name."""

    taggers: Mapping[int, LoadedTagger] = field(default_factory=dict)
    """That are heard beside the transcoder, by the frames in a second of the levels that they take."""

    notes: tuple[str, ...] = ()
    """What could not be had, a line each."""

    @cached_property
    def fingerprint(self) -> str:
        """Short name of all weights: with others it is another."""
        digest = hashlib.sha256()
        taggers = (tagger.network for tagger in self.taggers.values())
        for network in (self.teacher, self.transcoder, *taggers):
            for tensor in network.state_dict().values():
                digest.update(tensor.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()[:12]

    def heard_through(self, hop_seconds: float) -> str:
        """Name of what levels of a cadence are heard through: the tagger for it, or the transcoder."""
        if round(1 / hop_seconds) in self.taggers:
            return TAGGER
        return BESIDE_TAGGER if self.transcoder_name == TAGGER else self.transcoder_name

    def hearing_name(self, hop_seconds: float) -> str:
        """The same, and whether voices and birds are heard in front: what was measured is filed by it."""
        name = self.heard_through(hop_seconds)
        return f"{name}+foreground" if self.foreground else name

    @property
    def labels(self) -> tuple[str, ...]:
        """What each score is for."""
        return self.teacher.labels

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
        frames_per_second = round(1 / source.hop_seconds)
        size = self.block_seconds * frames_per_second
        quality = Quality() if quality is None else quality
        held: list[Blocks] = []
        seconds_held = seconds_held or self.seconds_held
        of_a_part = max(1, seconds_held // self.block_seconds)
        for blocks in chain.from_iterable(
            whole.parts(of_a_part) for whole in divide(source, frames_per_block=size, quality=quality)
        ):
            held.append(blocks)
            if sum(len(blocks.times) for blocks in held) * self.block_seconds >= seconds_held:
                yield self._score_held(held, frames_per_second, db_offset, histogram, kept)
                held = []
        if held:
            yield self._score_held(held, frames_per_second, db_offset, histogram, kept)

    def table(
        self, path: str | Path, *, db_offset: float = DEFAULT_OFFSET_DB, reading: Reading | None = None
    ) -> pd.DataFrame:
        """Scores of a file as a table: a row for each block, named by its time, and a column for each label.

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
        parts = [
            pd.DataFrame(scored.scores, index=as_column(scored.times, source.clock), columns=self.labels)
            for scored in self.score(source, db_offset=db_offset)
        ]
        table = pd.concat(parts) if parts else pd.DataFrame(columns=self.labels)
        return table.rename_axis(index="time")

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
        """
        n_seconds = len(levels) // FRAMES_PER_SECOND
        seconds = np.asarray(levels, np.float32)[: n_seconds * FRAMES_PER_SECOND]
        n_blocks = -(-n_seconds // self.block_seconds)
        missing = (n_blocks * self.block_seconds - n_seconds) * FRAMES_PER_SECOND
        seconds = np.pad(seconds, ((0, missing), (0, 0)), constant_values=np.nan)
        return self.scores_of_blocks(
            calibrate(seconds, db_offset).reshape(n_blocks, self.block_seconds, FRAMES_PER_SECOND, N_BANDS)
        )

    def transcode(self, seconds: NDArray[np.float32], *, transcoder: nn.Module | None = None) -> torch.Tensor:
        """Mel spectrograms of calibrated seconds.

        Parameters
        ----------
        seconds : (n, n_frames, 29)
            on the transcoders' scale (`calibrate`), n_frames being 8 or, for slow levels, 1, which stands for eight.
        transcoder
            another one than the predictor's.

        Returns
        -------
        (n, chunk_frames, n_mels)
        """
        levels = torch.from_numpy(seconds).to(self.device)
        if levels.shape[1] == 1:
            levels = levels.expand(-1, FRAMES_PER_SECOND, -1).contiguous()
        network = transcoder or self.transcoder
        with self._computing():
            return transcode_levels(network, levels)

    def _score_held(
        self,
        held: list[Blocks],
        frames_per_second: int,
        db_offset: float,
        histogram: LevelHistogram | None,
        kept: KeptScores | None,
    ) -> Scored:
        levels = np.concatenate([blocks.levels for blocks in held])
        extents = np.concatenate([blocks.extents for blocks in held])
        overall = overall_levels(levels)
        if histogram is not None:
            histogram.add(overall)
        seconds = levels.reshape(len(levels), self.block_seconds, frames_per_second, N_BANDS)
        calibrated = calibrate(seconds, db_offset)
        scores = kept.scores(calibrated, self.scores_of_blocks) if kept else self.scores_of_blocks(calibrated)
        n_whole = _is_whole(calibrated).sum(axis=1)
        scores[n_whole < np.maximum(1, LEAST_COVERAGE * (extents // frames_per_second))] = np.nan
        # What a series has behind its last whole second makes no row of its own.
        told = extents >= frames_per_second
        return Scored(
            times=np.concatenate([blocks.times for blocks in held])[told],
            chunks=np.concatenate([np.full(len(blocks.times), blocks.series) for blocks in held])[told],
            seconds=n_whole[told],
            levels=mean_level(overall)[told],
            scores=scores[told],
            bands=levels[told],
        )

    def scores_of_blocks(self, seconds: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of blocks from their whole seconds; with `foreground`, those of voices and birds from what stands out.

        Parameters
        ----------
        seconds : (n_blocks, block_seconds, n_frames, 29)
            on the transcoders' scale; NaN in gaps.

        Returns
        -------
        (n_blocks, n_labels)
        """
        scores = self._scores_of_levels(seconds)
        if self.foreground:
            labels = labels_in_front(self.labels)
            scores[:, labels] = self._scores_of_levels(foreground(seconds))[:, labels]
        return scores

    def _scores_of_levels(self, seconds: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of blocks, as above.

        A block is cut into windows of ten seconds; the scores of windows are averaged, weighted with their seconds.
        """
        n_blocks, block_seconds = seconds.shape[:2]
        length = min(block_seconds, LONGEST_WINDOW)
        n_windows = -(-block_seconds // length)
        whole = _is_whole(seconds)
        in_window = np.pad(whole, ((0, 0), (0, n_windows * length - block_seconds))).reshape(-1, length)
        n_in_window = in_window.sum(axis=1)
        block_of = np.repeat(np.arange(n_blocks), n_windows)
        window_of = np.arange(block_seconds) // length + n_windows * np.arange(n_blocks)[:, None]
        totals = np.zeros((n_blocks, len(self.labels)))
        # Windows with equally many seconds are computed together: nearly all have all.
        for count in np.unique(n_in_window[n_in_window > 0]):
            windows = np.flatnonzero(n_in_window == count)
            taken = whole & (n_in_window[window_of] == count)
            scores = self._window_scores(seconds[taken].reshape(len(windows), count, *seconds.shape[2:]))
            np.add.at(totals, block_of[windows], count * scores)
        return (totals / np.maximum(whole.sum(axis=1), 1)[:, None]).astype(np.float32)

    def _window_scores(self, seconds: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n_windows, n_seconds, n_frames, 29) → (n_windows, n_labels)."""
        n_at_once = max(1, SECONDS_AT_ONCE * self._factor // seconds.shape[1])
        parts = (seconds[start : start + n_at_once] for start in range(0, len(seconds), n_at_once))
        return torch.cat([self._heard(windows).float().cpu() for windows in parts]).numpy()

    def _heard(self, windows: NDArray[np.float32]) -> torch.Tensor:
        """Scores of windows by the tagger for their cadence, by the teacher through the transcoder, or by both."""
        tagger = self.taggers.get(windows.shape[2])
        if tagger is None:
            return self._transcoded_scores(windows)
        with self._computing():
            own = tagger.scores(torch.from_numpy(windows).to(self.device))
        return own if tagger.is_alone else tagger.joined(own, self._transcoded_scores(windows))

    def _transcoded_scores(self, windows: NDArray[np.float32]) -> torch.Tensor:
        chunks = self.transcode(windows.reshape(-1, *windows.shape[2:]))
        with self._computing():
            mel = join(chunks.unflatten(0, windows.shape[:2]), self.teacher.front_end)
            return self.teacher.scores(mel)

    @property
    def seconds_held(self) -> int:
        """Of a batch, at least."""
        return SECONDS_HELD * self._factor

    @property
    def _factor(self) -> int:
        return 1 if self.device.type == "cpu" else GPU_FACTOR

    @contextmanager
    def _computing(self) -> Iterator[None]:
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed_precision):
            yield


def _is_whole(seconds: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Seconds without a gap, (n_blocks, block_seconds, n_frames, 29) → (n_blocks, block_seconds)."""
    return np.isfinite(seconds).all(axis=(2, 3))


def mean_level(overall: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean energy of what is known, as a level: (n, n_frames) → (n,) dB; NaN where nothing is."""
    known = ~np.isnan(overall)
    energy = np.where(known, 10 ** (overall / 10), 0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 10 * np.log10(energy / known.sum(axis=1))


def load_predictor(
    teacher: str | None = None,
    transcoder: str | None = None,
    *,
    teacher_weights: Path | None = None,
    models: Path = ROOT,
    device: str = "auto",
    block_seconds: int = BLOCK_SECONDS,
    mixed_precision: bool = False,
    foreground: bool = False,
) -> Predictor:
    """Load a teacher and a transcoder.

    Parameters
    ----------
    teacher
        name; by default the first of `PREFERRED_TEACHERS` whose weights are there.
    transcoder
        name; by default the first of tcn, cnn_logits, cnn_mels and pinv that is there, and for levels a second apart
        the tagger for them, where there is one. Where there is none for the cadence, `tagger` is `tcn`.
    teacher_weights
        a checkpoint, in place of the one below `models`.
    models
        folder that `download_pretrained_models.py --output` was given.
    device
        auto, cpu, cuda …
    block_seconds
        of a row of scores, whole seconds.
    mixed_precision
        compute in bfloat16 where the device has it, see `Predictor`.
    foreground
        score voices and birds by what stands out of the background.

    Raises
    ------
    UserError
        where the teacher's weights are missing, or there is no such transcoder or device.
    """
    name = teacher or next((name for name in PREFERRED_TEACHERS if find_weights(name, models)), PREFERRED_TEACHERS[0])
    taggers = _find_taggers(name, Path(models)) if transcoder in (None, TAGGER) else {}
    if transcoder == TAGGER and not taggers:
        raise UserError(f"no tagger for {name} is here: name another transcoder, or a teacher that has one")
    loaded = prepare(
        teacher=name,
        teacher_weights=teacher_weights,
        transcoders=[BESIDE_TAGGER if transcoder == TAGGER else transcoder] if transcoder else None,
        models=Path(models),
        device=device,
    )
    if loaded.teacher is None:
        raise UserError(
            f"the weights of {name} are missing, and without them there are no tags: get them with "
            f"python3 download_pretrained_models.py --only {module_of(name).download_name(name)}"
        )
    if not transcoder:
        # At 125 ms the tagger is better in some respects and worse in others (docs/results.md); at 1 s it is better.
        taggers = {n_frames: stored for n_frames, stored in taggers.items() if n_frames == frames_in_a_second("slow")}
    at_hand = loaded.transcoders | ({TAGGER: loaded.transcoders[BESIDE_TAGGER]} if taggers else {})
    chosen = transcoder or next(name for name in PREFERRED_TRANSCODERS if name in at_hand)
    notes = loaded.notes if chosen == "pinv" and not transcoder else ()
    return Predictor(
        quicken(loaded.teacher),
        quicken(at_hand[chosen]),
        chosen,
        loaded.device,
        block_seconds=block_seconds,
        mixed_precision=mixed_precision and can_mix_precision(loaded.device),
        foreground=foreground,
        transcoders=loaded.transcoders,
        taggers={n_frames: load_tagger(stored, loaded.device) for n_frames, stored in taggers.items()},
        notes=tuple(notes),
    )


def _find_taggers(teacher: str, models: Path) -> dict[int, StoredTranscoder]:
    """Those that are here, by the frames in a second of the levels that they take; none without `tcn` beside them."""
    folders = transcoder_folders(models)
    if BESIDE_TAGGER not in find_transcoders(teacher, folders):
        return {}
    found = {frames_in_a_second(cadence): find_tagger(teacher, cadence, folders) for cadence in ("fast", "slow")}
    return {n_frames: stored for n_frames, stored in found.items() if stored}
