"""Making a training dataset: from recordings to the arrays of `chunk_dataset`."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from audiokit.devices import choose_device
from audiokit.errors import UserError, in_one_line
from audiokit.files import changed_files
from audiokit.sound.neighbours import shorter_than_neighbours
from audiokit.storage.journal import differences, remove_remains
from audiokit.storage.partial_rows import Outcome, PartialRows
from audiokit.storage.row_making import make_rows
from audiokit.storage.worker_start import available_cores
from audiokit.storage.workers import results_in_rounds
from spectral_transcoder.datasets.chunk_dataset import SPLITS, open_chunks
from spectral_transcoder.datasets.chunk_features import ChunkFeatures
from spectral_transcoder.datasets.chunk_layout import write_layout
from spectral_transcoder.datasets.chunk_plan import make_plan
from spectral_transcoder.datasets.device_extraction import Decoder, DeviceExtractor
from spectral_transcoder.datasets.recording_seconds import RecordingSeconds

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    import h5py

    from audiokit.storage.row_arrays import RowArray
    from audiokit.storage.row_writer import RowWriter
    from spectral_transcoder.datasets.chunk_plan import Plan, PlannedFile
    from spectral_transcoder.datasets.dataset_recipe import Recipe
    from spectral_transcoder.datasets.dataset_shards import Shard
    from spectral_transcoder.datasets.dataset_split import AudioDataset

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
        except Exception as error:
            return Outcome(file.index, problem=in_one_line(error, file.path))
        for first, waveforms in recording.blocks(BLOCK_SECONDS, limit=file.n_chunks):
            arrays = self.features({rate: torch.from_numpy(waveform) for rate, waveform in waveforms.items()})
            rows = {name: array.numpy() for name, array in arrays.items()}
            self.writer.write(file.split, file.first_row + first, rows)
        return Outcome(file.index, n_rows=min(recording.n_seconds, file.n_chunks), notes=recording.notes)


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

    It appears under its name when it is complete. What is done of it until then is kept
    (`audiokit.storage.partial_rows`).

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
        return _summary_of_existing(path, attributes, {source.name: source.path for source in chain(*splits.values())})
    plan = make_plan(splits)
    if not plan.files and not shard:
        reason = next(iter(plan.unreadable.values()), "all are shorter")
        raise UserError(f"no recording in {audio.folder} has a second of sound to read ({reason}): give others")
    with _partial(path, plan, features.arrays(float16=recipe.float16), attributes) as partial:

        def outcomes_of(indices: Sequence[int]) -> Generator[list[Outcome]]:
            return _outcomes(indices, plan, features, partial.writer, workers=workers, device=where)

        problems = make_rows(partial, outcomes_of, seconds=[file.n_chunks for file in plan.files])
        unreadable = {**plan.unreadable, **{plan.files[index].name: problem for index, problem in problems.items()}}
        notes = _notes(plan, partial)
        if unreadable and not skip_errors:
            return Summary(path, False, unreadable=unreadable, notes=notes)
        partial.finish(compress=recipe.compress)
    return Summary(path, True, _n_chunks(path), unreadable, notes)


def _partial(path: Path, plan: Plan, arrays: Mapping[str, RowArray], attributes: Mapping[str, object]) -> PartialRows:
    """The dataset in the making; all attributes but the date tell whether what is there can be gone on with."""

    def layout(file: h5py.File, n_chunks: Sequence[int], compress: bool) -> None:
        write_layout(file, plan.files, n_chunks=n_chunks, arrays=arrays, attributes=attributes, compress=compress)

    begun_with = {name: value for name, value in attributes.items() if name != "date"}
    return PartialRows(
        path,
        [file.part for file in plan.files],
        write_layout=layout,
        arrays=arrays,
        begun_with={"recordings": plan.fingerprint, **begun_with},
    )


def _outcomes(
    todo: Sequence[int],
    plan: Plan,
    features: ChunkFeatures,
    writer: RowWriter,
    *,
    workers: int | None,
    device: torch.device,
) -> Generator[list[Outcome]]:
    """Make rows, and give what became of each recording once they are written."""
    files = [plan.files[index] for index in todo]
    workers = max(1, min(workers or available_cores(), len(files)))
    if device.type in DIRECT_DEVICES:
        yield from results_in_rounds(Extractor(features, writer), files, workers=workers)
        return
    with tempfile.TemporaryDirectory() as folder:
        decoder = Decoder(Path(folder), features.sample_rates)
        compute = DeviceExtractor(decoder, plan.files, features, writer, device=device)
        yield from compute(results_in_rounds(decoder, files, workers=workers))


def _summary_of_existing(path: Path, attributes: Mapping[str, object], recordings: Mapping[str, Path]) -> Summary:
    """Nothing is to be done where the dataset is there; another one is not overwritten."""
    with open_chunks(path) as dataset:
        there, stamps = dataset.attributes, dataset.stamps()
    if there.get("fingerprint") != attributes["fingerprint"]:
        new = {name: value for name, value in attributes.items() if name in there}
        told = differences({name: there[name] for name in new}, new)
        raise UserError(f"{path} holds another dataset ({told}): delete it, or give another --dataset_name")
    names = [name for name in recordings if name in stamps]
    if changed := changed_files([recordings[name] for name in names], [stamps[name] for name in names]):
        told = f"{len(changed)} recordings have changed since, such as {names[changed[0]]}"
        raise UserError(f"{path} holds another dataset ({told}): delete it, or give another --dataset_name")
    remove_remains(path)
    _say(f"{path} is there already: delete it to have it made anew")
    return Summary(path, True, _n_chunks(path))


def _notes(plan: Plan, partial: PartialRows) -> list[str]:
    """How recordings were read, and which are shorter than a second, their headers say, or nearly all others."""
    done = [(file, partial.done[file.index]) for file in plan.files if file.index in partial.done]
    short = [f"{name} is shorter than a second" for name in plan.short]
    told = [f"{file.name}: {note}" for file, _ in done for note in partial.notes.get(file.index, ())]
    shortened = [
        f"{file.name} has {n_chunks} of the {file.n_chunks} seconds that its header tells"
        for file, n_chunks in done
        if n_chunks < file.n_chunks and file.index not in partial.notes
    ]
    return short + told + shortened + shorter_than_neighbours({file.name: n_chunks for file, n_chunks in done})


def _n_chunks(path: Path) -> dict[str, int]:
    with open_chunks(path) as dataset:
        return {split: dataset.n_chunks(split) for split in SPLITS}


def _say(line: str) -> None:
    print(line, file=sys.stderr)
