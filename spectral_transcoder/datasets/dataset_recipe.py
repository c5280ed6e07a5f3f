"""The parameters that decide what a training dataset holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from spectral_transcoder.datasets.dataset_split import (
    DATASET_TYPES,
    Ratios,
    city_split,
    folder_sources,
    own_split,
    random_split,
    tau_sources,
)
from spectral_transcoder.third_octave import FAST, SAMPLE_RATE, SENSOR_CALIBRATION_DB

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spectral_transcoder.datasets.dataset_split import AudioDataset, Source

__all__ = ["Recipe"]

PACKAGES = ("spectral-transcoder", "torch", "soxr", "soundfile", "numpy", "h5py")
"""Whose versions are noted."""


@dataclass(frozen=True)
class Recipe:
    """What to take, how to split it, and what to make of it."""

    dataset_type: str = "full"
    """One of `DATASET_TYPES`; only for TAU."""
    split_by_city: bool = False
    """In place of at random; only for TAU."""
    ratios: Ratios = field(default_factory=Ratios)
    seed: int = 71
    teachers: tuple[str, ...] = ("PANN", "YamNet")
    float16: bool = False
    """Store Mel spectrograms with half the digits."""
    compress: bool = False

    def __post_init__(self) -> None:
        if self.dataset_type not in DATASET_TYPES:
            raise UserError(f"there is no dataset type {self.dataset_type!r}: choose {', '.join(DATASET_TYPES)}")

    def split(self, audio: AudioDataset) -> dict[str, list[Source]]:
        """Recordings of each split: as the folders of the dataset have it, by city, or at random.

        Raises
        ------
        UserError
            where there are none, or they cannot be split so.
        """
        if self.split_by_city and not audio.is_tau:
            raise UserError(f"{audio.folder} is no TAU dataset, whose names tell the city: leave --split_by_city out")
        if not audio.is_tau:
            sources = folder_sources(audio.folder)
            return own_split(sources) or random_split(sources, ratios=self.ratios, seed=self.seed)
        sources = tau_sources(audio.folder, dataset_type=self.dataset_type)
        return city_split(sources) if self.split_by_city else random_split(sources, ratios=self.ratios, seed=self.seed)

    def attributes(self, audio: AudioDataset, splits: Mapping[str, Sequence[Source]]) -> dict[str, object]:
        """What a dataset tells of how it was made.

        `fingerprint` is the same for datasets that hold the same, and for the shards of one.
        """
        parameters = asdict(self)
        ratios = parameters.pop("ratios")
        content = {
            **parameters,
            "teachers": list(self.teachers),
            "dataset_type": self.dataset_type if audio.is_tau else "folder",
            **{f"{split}_ratio": share for split, share in ratios.items()},
            "chunk_seconds": 1,
            "third_octave_sample_rate": SAMPLE_RATE,
            "third_octave_frame_length": FAST.frame_length,
            "third_octave_hop_length": FAST.hop_length,
            "third_octave_bank": FAST.bank,
            "calibration_db": SENSOR_CALIBRATION_DB,
        }
        members = [(split, source.name, source.scene) for split, sources in splits.items() for source in sources]
        return {
            **content,
            "audio_dataset": audio.name,
            "fingerprint": hashlib.sha256(json.dumps([content, members]).encode()).hexdigest(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            **{f"version_{package.replace('-', '_')}": _version(package) for package in PACKAGES},
        }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
