"""UrbanSound8K (Salamon, Jacoby, Bello, 2014): 8732 clips of up to 4 s with one source each, in ten folds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.labels.labelled_dataset import Clip
from audiokit.sound.durations import add_durations
from spectral_transcoder.classification.grouped_dataset import GroupedDataset

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DATASETS"]

SHORTEST_SECONDS = 1
"""YAMNet makes nothing of shorter ones; the paper leaves them out for both teachers."""

CLASSES = (
    "0_air_conditioner",
    "1_car_horn",
    "2_children_playing",
    "3_dog_bark",
    "4_drilling",
    "5_engine_idling",
    "6_gun_shot",
    "7_jackhammer",
    "8_siren",
    "9_street_music",
)


def read_clips(folder: Path) -> Iterator[Clip]:
    """Clips of one second at least, by the durations that `download_datasets.py` measures; else it is done here."""
    import pandas

    original, measured = (folder / "metadata" / name for name in ("UrbanSound8K.csv", "UrbanSound8K_recalculated.csv"))
    if not measured.exists():
        add_durations(original, folder / "audio", measured, name_column="slice_file_name")
    table = pandas.read_csv(measured)
    for row in table[table["duration"] >= SHORTEST_SECONDS].to_dict("records"):
        yield Clip(row["slice_file_name"], str(row["fold"]), frozenset({f"{row['classID']}_{row['class']}"}))


DATASETS = (
    GroupedDataset(
        name="URBAN-SOUND-8K",
        classes=CLASSES,
        read_clips=read_clips,
        groups=Path(__file__).parents[1] / "sub_classes_urbansound8k.csv",
        folds=tuple(map(str, range(1, 11))),
    ),
)
