"""Features on a GPU: processes decode, this one computes on batches of seconds from many recordings.

Decoded recordings are handed over as temporary files, so that hours of sound need no more memory than seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from audiokit.errors import in_one_line
from audiokit.storage.partial_rows import Outcome
from spectral_transcoder.datasets.recording_seconds import RecordingSeconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from audiokit.storage.row_writer import RowWriter
    from spectral_transcoder.datasets.chunk_features import ChunkFeatures
    from spectral_transcoder.datasets.chunk_plan import PlannedFile

__all__ = ["Decoder", "DeviceExtractor"]

BATCH_SECONDS = 256

BLOCK_SECONDS = 60
"""Seconds that are handed over at once."""


@dataclass(frozen=True)
class Decoder:
    """Decodes a recording to temporary files, one for each sample rate; can be sent to other processes."""

    folder: Path
    sample_rates: Sequence[int]

    def __call__(self, file: PlannedFile) -> Outcome:
        """Decode."""
        try:
            recording = RecordingSeconds(file.path, own_rate=file.sample_rate, sample_rates=self.sample_rates)
        except Exception as error:
            return Outcome(file.index, problem=in_one_line(error, file.path))
        for _, waveforms in recording.blocks(BLOCK_SECONDS, limit=file.n_chunks):
            for rate, path in self._paths(file.index).items():
                with open(path, "ab") as target:
                    target.write(waveforms[rate].data)
        return Outcome(file.index, n_rows=min(recording.n_seconds, file.n_chunks), notes=recording.notes)

    def take(self, outcome: Outcome) -> dict[int, NDArray[np.float32]]:
        """What a recording was decoded to: sample rate → (n_chunks, sample_rate), from files that are then gone."""
        if outcome.n_rows == 0:
            return {}
        waveforms = {}
        for rate, path in self._paths(outcome.index).items():
            waveforms[rate] = np.memmap(path, np.float32, mode="r").reshape(-1, rate)
            path.unlink()
        return waveforms

    def _paths(self, index: int) -> dict[int, Path]:
        return {rate: self.folder / f"{index}.{rate}" for rate in self.sample_rates}


class DeviceExtractor:
    """Computes and writes the features of decoded recordings.

    All batches have the same size, the last one with old seconds at its end, so that the numbers of a second do not
    depend on which others it was computed with.
    """

    def __init__(
        self,
        decoder: Decoder,
        files: Sequence[PlannedFile],
        features: ChunkFeatures,
        writer: RowWriter,
        *,
        device: torch.device,
    ) -> None:
        self.decoder = decoder
        self.files = files
        self.features = features
        self.writer = writer
        self.device = device
        self.batch = {rate: torch.zeros(BATCH_SECONDS, rate) for rate in decoder.sample_rates}
        self.n_filled = 0
        self.pieces: list[tuple[str, int, slice]] = []
        """Split, first row, and place in the batch, of what is in it."""
        self.waiting: list[Outcome] = []
        self.finished: list[Outcome] = []

    def __call__(self, rounds: Iterable[list[Outcome]]) -> Iterator[list[Outcome]]:
        """Outcomes of recordings that are decoded → the same once their features are written, in other rounds."""
        for outcomes in rounds:
            for outcome in outcomes:
                self._add(outcome)
            yield self._take_finished()
        if self.n_filled:
            self._compute()
        yield self._take_finished()

    def _add(self, outcome: Outcome) -> None:
        file = self.files[outcome.index]
        waveforms = self.decoder.take(outcome)
        done = 0
        while done < outcome.n_rows:
            count = min(outcome.n_rows - done, BATCH_SECONDS - self.n_filled)
            self._fill(waveforms, slice(done, done + count))
            self.pieces.append((file.split, file.first_row + done, slice(self.n_filled, self.n_filled + count)))
            self.n_filled += count
            done += count
            if self.n_filled == BATCH_SECONDS:
                self._compute()
        (self.waiting if self.n_filled else self.finished).append(outcome)

    def _fill(self, waveforms: Mapping[int, NDArray[np.float32]], taken: slice) -> None:
        place = slice(self.n_filled, self.n_filled + taken.stop - taken.start)
        for rate, waveform in waveforms.items():
            self.batch[rate].numpy()[place] = waveform[taken]

    def _compute(self) -> None:
        """Compute the batch, and write what belongs to it; all that wait for it are then finished."""
        seconds = {rate: waveforms.to(self.device) for rate, waveforms in self.batch.items()}
        arrays = {name: values.cpu().numpy() for name, values in self.features(seconds).items()}
        for split, first_row, place in self.pieces:
            self.writer.write(split, first_row, {name: values[place] for name, values in arrays.items()})
        self.finished += self.waiting
        self.pieces, self.waiting, self.n_filled = [], [], 0

    def _take_finished(self) -> list[Outcome]:
        finished, self.finished = self.finished, []
        return finished
