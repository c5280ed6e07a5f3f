"""Making a training dataset: from recordings to the arrays of `chunk_dataset`."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from tqdm import tqdm

from spectral_transcoder.datasets.chunk_dataset import SPLITS, open_chunks, partial_folder
from spectral_transcoder.datasets.chunk_features import ChunkFeatures
from spectral_transcoder.datasets.chunk_plan import make_plan
from spectral_transcoder.datasets.device_extraction import Decoder, DeviceExtractor
from spectral_transcoder.datasets.partial_dataset import Outcome, PartialDataset, differences
from spectral_transcoder.datasets.recording_seconds import RecordingSeconds
from spectral_transcoder.datasets.workers import available_cores, results_in_rounds
from spectral_transcoder.devices import choose_device
from spectral_transcoder.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Self

    from spectral_transcoder.datasets.chunk_plan import PlannedFile
    from spectral_transcoder.datasets.dataset_recipe import Recipe
    from spectral_transcoder.datasets.dataset_shards import Shard
    from spectral_transcoder.datasets.dataset_split import AudioDataset
    from spectral_transcoder.datasets.row_writer import RowWriter

__all__ = ["Summary", "create_dataset"]

BLOCK_SECONDS = 10
"""Seconds whose features are computed at once; what the caches of a core can hold."""

DIRECT_DEVICES = ("cpu",)
"""Devices that every process computes on by itself, recording by recording."""


@dataclass(frozen=True)
class Summary:
    """What came of making a dataset."""

    path: Path
    is_complete: bool
    """Whether the dataset is there."""
    n_chunks: Mapping[str, int] = field(default_factory=dict)
    """Split → seconds."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Recordings that cannot be used → reason."""
    notes: Sequence[str] = ()
    """Recordings of which there is less than one could think, a line each."""


@dataclass(frozen=True)
class Extractor:
    """Makes the rows of a recording; can be sent to other processes."""

    features: ChunkFeatures
    writer: RowWriter

    def __call__(self, file: PlannedFile) -> Outcome:
        """Decode, compute, write."""
        rates = self.features.sample_rates
        try:
            recording = RecordingSeconds(file.path, own_rate=file.sample_rate, sample_rates=rates)
        except UserError as error:
            return Outcome(file.index, problem=str(error))
        for first, waveforms in recording.blocks(BLOCK_SECONDS, limit=file.n_chunks):
            arrays = self.features({rate: torch.from_numpy(waveform) for rate, waveform in waveforms.items()})
            rows = {name: array.numpy() for name, array in arrays.items()}
            self.writer.write(file.split, file.first_row + first, rows)
        return Outcome(file.index, n_chunks=min(recording.n_seconds, file.n_chunks))


def create_dataset(
    recipe: Recipe,
    audio: AudioDataset,
    path: Path,
    *,
    shard: Shard | None = None,
    workers: int | None = None,
    device: str = "cpu",
    skip_errors: bool = False,
) -> Summary:
    """Make a dataset, or go on with it.

    It appears under its name when it is complete. What is done of it until then is kept, see `partial_dataset`.

    Parameters
    ----------
    path
        of the whole dataset, also where only a shard of it is made.
    workers
        processes; one for each core by default.
    device
        that computes the features: "auto", "cpu", "cuda", "cuda:1" …
    skip_errors
        leave out recordings that cannot be used; else the dataset is not completed where there are any.

    Raises
    ------
    UserError
        for parameters that do not fit the recordings or each other, or a dataset of that name that holds others.
    """
    features = ChunkFeatures(recipe.teachers)
    where = choose_device(device)
    if not audio.is_tau:
        _say(f"{audio.folder} is no TAU dataset: all recordings in it are taken, --dataset_type is ignored")
    splits = recipe.split(audio)
    attributes = {**recipe.attributes(audio, splits), "device": where.type}
    if shard:
        splits = {split: shard.share(sources) for split, sources in splits.items()}
        path = shard.path(path)
        attributes["shard"] = str(shard)
    if path.exists():
        return _summary_of_existing(path, attributes)
    plan = make_plan(splits)
    if not plan.files and not shard:
        reason = next(iter(plan.unreadable.values()), "all are shorter")
        raise UserError(f"no recording in {audio.folder} has a second of sound to read ({reason}): give others")
    with PartialDataset(path, plan, arrays=features.arrays(float16=recipe.float16), attributes=attributes) as partial:
        unreadable = {**plan.unreadable, **_extract(partial, features, workers=workers, device=where)}
        notes = _notes(partial)
        if unreadable and not skip_errors:
            return Summary(path, False, unreadable=unreadable, notes=notes)
        partial.finish(compress=recipe.compress)
    return Summary(path, True, _n_chunks(path), unreadable, notes)


def _extract(
    partial: PartialDataset, features: ChunkFeatures, *, workers: int | None, device: torch.device
) -> dict[str, str]:
    """Make all rows that are not there yet; gives the recordings that cannot be used, with the reason."""
    files = partial.plan.files
    if partial.done:
        _say(f"going on: {len(partial.done)} of {len(files)} recordings are done")
    # The long ones first, so that in the end no process is left alone with one.
    todo = sorted((file for file in files if file.index not in partial.done), key=lambda file: -file.n_chunks)
    unreadable = {}
    n_processes = max(1, min(workers or available_cores(), len(todo)))
    rounds = _outcomes(todo, partial, features, workers=n_processes, device=device)
    with _Progress(partial) as progress, closing(rounds):
        for outcomes in rounds:
            partial.record(outcomes)
            progress.add(outcomes)
            unreadable |= {files[outcome.index].name: outcome.problem for outcome in outcomes if outcome.problem}
    return unreadable


def _outcomes(
    todo: Sequence[PlannedFile], partial: PartialDataset, features: ChunkFeatures, *, workers: int, device: torch.device
) -> Iterator[list[Outcome]]:
    """Make rows, and give what became of each recording once they are written."""
    if device.type in DIRECT_DEVICES:
        yield from results_in_rounds(Extractor(features, partial.writer), todo, workers=workers)
        return
    with tempfile.TemporaryDirectory() as folder:
        decoder = Decoder(Path(folder), features.sample_rates)
        compute = DeviceExtractor(decoder, partial.plan.files, features, partial.writer, device=device)
        yield from compute(results_in_rounds(decoder, todo, workers=workers))


class _Progress:
    """A bar with the recordings that are done, the speed and the time that remains; a context manager."""

    def __init__(self, partial: PartialDataset) -> None:
        self.files = partial.plan.files
        self.n_before = len(partial.done)
        self.n_files = 0
        self.n_seconds = 0
        self.begun = time.monotonic()
        self.bar = tqdm(
            total=sum(file.n_chunks for file in self.files),
            initial=sum(partial.done.values()),
            bar_format="{percentage:3.0f} %|{bar}|{postfix} [{elapsed}<{remaining}]",
            disable=None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.bar.close()

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Move on by some recordings."""
        n_seconds = sum(self.files[outcome.index].n_chunks for outcome in outcomes)
        self.n_files += len(outcomes)
        self.n_seconds += n_seconds
        elapsed = max(time.monotonic() - self.begun, 0.001)
        files = f"{self.n_before + self.n_files}/{len(self.files)} files, {self.n_files / elapsed:.1f} files/s"
        self.bar.set_postfix_str(f"{files}, {self.n_seconds / elapsed:.0f} × real time", refresh=False)
        self.bar.update(n_seconds)


def _summary_of_existing(path: Path, attributes: Mapping[str, object]) -> Summary:
    """Nothing is to be done where the dataset is there; another one is not overwritten."""
    with open_chunks(path) as dataset:
        there = dataset.attributes
    if there.get("fingerprint") != attributes["fingerprint"]:
        new = {name: value for name, value in attributes.items() if name in there}
        told = differences({name: there[name] for name in new}, new)
        raise UserError(f"{path} holds another dataset ({told}): delete it, or give another --dataset_name")
    shutil.rmtree(partial_folder(path), ignore_errors=True)  # of a process that was stopped while it cleaned up
    _say(f"{path} is there already: delete it to have it made anew")
    return Summary(path, True, _n_chunks(path))


def _notes(partial: PartialDataset) -> list[str]:
    """Recordings that are shorter than a second, or than their headers say."""
    short = [f"{name} is shorter than a second" for name in partial.plan.short]
    return short + [
        f"{file.name} has {partial.done[file.index]} of the {file.n_chunks} seconds that its header tells"
        for file in partial.plan.files
        if partial.done.get(file.index, file.n_chunks) < file.n_chunks
    ]


def _n_chunks(path: Path) -> dict[str, int]:
    with open_chunks(path) as dataset:
        return {split: dataset.n_chunks(split) for split in SPLITS}


def _say(line: str) -> None:
    print(line, file=sys.stderr)
