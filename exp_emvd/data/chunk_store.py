"""The recordings that take part in the experiments, each decoded and stored once as chunks of Mel spectrograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.labels.clip_store_creation import StoredClip, create_clip_store
from audiokit.storage.row_arrays import RowArray
from exp_emvd.data.folds import split_columns
from exp_emvd.data.mel import CHUNK_SHAPE, FRONT_END, n_chunks, singing_chunks
from exp_emvd.data.metadata import NONE
from exp_emvd.places import AUDIO, STORE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas
    from numpy.typing import NDArray

    from audiokit.labels.clip_store_creation import Summary

__all__ = ["MEL", "SINGER", "TECHNIQUE", "MelChunks", "create_chunk_store"]

MEL = "mel_spectrogram"
TECHNIQUE, SINGER = "technique", "singer"
"""Columns of the store, besides those of the folds."""


@dataclass(frozen=True)
class MelChunks:
    """What the store holds of a recording (`audiokit.labels.clip_store_creation.ClipFeatures`)."""

    @property
    def arrays(self) -> dict[str, RowArray]:
        """A chunk a row."""
        return {MEL: RowArray(CHUNK_SHAPE, FRONT_END.unit)}

    def n_rows(self, n_samples: int, sample_rate: int) -> int:
        """Chunks of a recording with so many samples."""
        return n_chunks(n_samples, sample_rate)

    def __call__(self, path: Path) -> Mapping[str, NDArray]:
        """Chunks of a recording."""
        return {MEL: singing_chunks(path)}

    def description(self) -> dict[str, object]:
        """What tells these chunks from others."""
        names = ("name", "sample_rate", "n_fft", "hop_length", "n_mels", "chunk_frames")
        return {name: getattr(FRONT_END, name) for name in names}


def create_chunk_store(
    files: pandas.DataFrame,
    folds: pandas.DataFrame,
    path: Path = STORE,
    *,
    audio: Path = AUDIO,
    workers: int | None = None,
    skip_errors: bool = False,
) -> Summary:
    """Store the chunks of all recordings that take part, or go on with it.

    Parameters
    ----------
    files, folds
        as `exp_emvd.data.metadata.read_files` and `exp_emvd.data.folds.read_folds` give them.
    path
        of the store.
    audio
        folder of the recordings.
    workers
        processes; one for each core by default.
    skip_errors
        leave out recordings that are missing or cannot be read.

    Raises
    ------
    UserError
        where recordings are missing, unless they are to be left out; and what `create_clip_store` raises.
    """
    columns = split_columns(folds)
    table = files.merge(folds, on="file_name")
    table = table[(table[columns] != NONE).any(axis=1)]
    clips = [StoredClip(audio / name, name) for name in table["file_name"]]
    missing = [clip.name for clip in clips if not clip.path.is_file()]
    if missing and not skip_errors:
        raise UserError(
            f"{len(missing)} of {len(clips)} recordings are missing in {audio}, {missing[0]} first: get them by "
            "download_datasets.py --list EMVD, name their folder with --audio, or leave them out with --skip_errors"
        )
    known = {TECHNIQUE: table["name"].tolist(), SINGER: table["singer_id"].tolist()}
    parts = {column: table[column].tolist() for column in columns}
    return create_clip_store(path, clips, MelChunks(), columns=known | parts, workers=workers, skip_errors=skip_errors)
